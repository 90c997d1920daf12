"""How long tokens last, and when they are renewed."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest

from tradebot.brokers.robinhood.auth.tokens import Tokens, expiry_of

NOW = datetime(2026, 11, 20, 14, 35, tzinfo=UTC)


def jwt(claims: object) -> str:
    return f"head.{urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.signature"


def test_the_token_says_when_it_ends() -> None:
    assert expiry_of(jwt({"exp": int(NOW.timestamp())})) == NOW


@pytest.mark.parametrize(
    "text",
    ["", "abc", "a.b", "a.b.c", "a.!!!.c", jwt([]), jwt({}), jwt({"exp": "soon"}), jwt({"exp": 10**20}), "a.\u00e4.c"],
)
def test_what_does_not_say_it_is_none(text: str) -> None:
    assert expiry_of(text) is None


@pytest.mark.parametrize(
    ("life", "left", "due"),
    [
        (timedelta(days=8), timedelta(days=3, seconds=1), False),
        (timedelta(days=8), timedelta(days=2, hours=23), True),
        (timedelta(days=30), timedelta(days=4), False),
        (timedelta(days=1), timedelta(hours=13), False),
        (timedelta(days=1), timedelta(hours=11), True),
        (timedelta(days=1), timedelta(hours=-1), True),
    ],
)
def test_tokens_are_renewed_below_half_of_their_life_or_three_days(life: timedelta, left: timedelta, due: bool) -> None:
    tokens = Tokens(access="a", refresh="r", device="", obtained_at=NOW, expires_at=NOW + life)
    assert tokens.is_renewal_due(NOW + life - left) is due


def test_no_token_is_in_the_text_of_one() -> None:
    tokens = Tokens(
        access="canary-a",
        refresh="canary-r",
        device="canary-d",
        account_number="canary-n",
        obtained_at=NOW,
        expires_at=NOW,
    )
    assert "canary" not in repr(tokens)
