from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradebot.core.model.texts import encodable, visible


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain <b>[red]\nsecond line", "plain <b>[red]\nsecond line"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("a\tb\xa0c\u2028d\r\ne\rf", "a b c d\ne f"),
        ("\u202eabc\U000e0001", "\\u202eabc\\U000e0001"),
        ("\udce4", "\\udce4"),
    ],
)
def test_what_controls_a_terminal_is_shown_as_characters(text: str, shown: str) -> None:
    assert visible(text) == shown
