from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradebot.core.model.texts import encodable


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("home", "home"),
        ("café-ş", "café-ş"),
        ("caf\udcc3\udca9", "café"),  # UTF-8 under a locale without it
        ("caf\udce9", "caf\\xe9"),  # a byte that is no UTF-8
        ("\ud800 caf\udce9", "\\ud800 caf\\udce9"),
    ],
)
def test_a_path_of_any_locale_becomes_text(text: str, said: str) -> None:
    assert encodable(text) == said


@given(st.text())
def test_every_text_can_be_encoded_and_stays_if_it_could(text: str) -> None:
    encodable(text).encode()
    assert encodable(encodable(text)) == encodable(text)


@given(st.binary())
def test_every_name_of_a_file_can_be_encoded(name: bytes) -> None:
    encodable(name.decode("ascii", "surrogateescape")).encode()
