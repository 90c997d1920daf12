"""Secrets taken out of texts: as they are, in a URL, in JSON, and the telling parts of an address by themselves."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tradebot.settings import Redactor

MASK = "********"


@pytest.mark.parametrize("spelt", [str, lambda text: quote(text, safe=""), lambda text: json.dumps(text)[1:-1]])
def test_a_secret_is_masked_however_it_is_spelt(spelt: object) -> None:
    assert callable(spelt)
    secret = 'p@ss "word" & ü/1'
    assert Redactor([secret])(f"login {spelt(secret)} refused") == f"login {MASK} refused"


def test_a_secret_is_masked_without_the_blanks_at_its_ends_too() -> None:
    assert Redactor([" pass word ", "  "])("you sent pass word, no more") == f"you sent {MASK}, no more"


@pytest.mark.parametrize(
    ("address", "part"),
    [
        ("tgram://123456789:ABC-def_1234/987654321", "ABC-def_1234"),
        ("tgram://123456789:ABC-def_1234/987654321", "987654321"),
        ("discord://1234567890/AbC1dEfGhIj", "AbC1dEfGhIj"),
        ("jsons://me:pass.word@example.com/hook", "pass.word"),
        ("jsons://example.com/hook?token=a1b2c3d4e5", "a1b2c3d4e5"),
        ("mailtos://me%40example.com:p%40ss@smtp.example.com:587", "p@ss"),
    ],
)
def test_the_telling_part_of_an_address_is_masked_by_itself(address: str, part: str) -> None:
    redact = Redactor([address])
    assert redact(f"not sent to {part} today") == f"not sent to {MASK} today"
    assert redact(f"not sent to {address}") == f"not sent to {MASK}"


def test_ordinary_words_of_an_address_stay() -> None:
    text = "tradebot on smtp.example.com:587 cannot reach ntfy.sh"
    assert Redactor(["ntfys://ntfy.sh/tradebot", "mailtos://smtp.example.com:587"])(text) == text


def test_a_secret_within_another_leaves_no_rest() -> None:
    assert Redactor(["abc", "abcdef"])("abcdef") == MASK


def test_nothing_is_masked_without_secrets() -> None:
    assert Redactor()("plain") == "plain"
