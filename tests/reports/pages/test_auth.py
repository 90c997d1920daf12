"""The page of the stored session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from tradebot.reports.layout import Page
from tradebot.reports.pages.auth import status_page
from tradebot.runtime.robinhood_auth import SessionStatus

GOOD = SessionStatus(
    file=Path("/state/robinhood/default.json"),
    trouble="",
    account="*****001",
    expires_at=datetime(2026, 11, 28, 14, 35, tzinfo=UTC),
    days_left=7.7,
)


def test_a_session_shows_its_days_and_the_end_of_its_account(plain: Callable[[Page], str]) -> None:
    text = plain(status_page(GOOD))
    for words in ("*****001", "2026-11-28 09:35 EST, in 7.7 days", "by the first job below half of its life", "yes"):
        assert words in text


def test_what_is_wrong_is_told(plain: Callable[[Page], str]) -> None:
    text = plain(status_page(replace(GOOD, renewal="Robinhood refuses it", pasted=True, trouble="it is over")))
    for words in ("Robinhood refuses it: log in again", "with the browser", "it is over"):
        assert words in text
    assert "account" not in plain(status_page(SessionStatus(file=Path("/x"), trouble="there is none")))
