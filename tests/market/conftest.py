"""Price files made for a test, and clocks at a moment of a session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from tradebot.core.model.account import MarketClock
from tradebot.core.model.exchange_time import new_york_date
from tradebot.market.calendar import NyseCalendar

BARS_HEADER = "symbol,date,open,high,low,close,volume"
ACTIONS_HEADER = "symbol,ex_date,kind,value"

WriteFile = Callable[..., Path]
ClockAt = Callable[..., MarketClock]


@pytest.fixture
def bars_file(tmp_path: Path) -> WriteFile:
    """Writes rows of bars below the usual header and gives the path."""

    def write(*rows: str, name: str = "bars.csv", header: str = BARS_HEADER) -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n")
        return path

    return write


@pytest.fixture
def actions_file(tmp_path: Path) -> WriteFile:
    """Writes rows of corporate actions below the usual header and gives the path."""

    def write(*rows: str, name: str = "actions.csv", header: str = ACTIONS_HEADER) -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n")
        return path

    return write


@pytest.fixture
def clock_at() -> ClockAt:
    """The broker's clock at a session's opening or closing, moved by some minutes, or at any instant."""
    calendar = NyseCalendar()

    def clock(
        session: date | None = None, *, minutes: int = 5, closing: bool = False, now: datetime | None = None
    ) -> MarketClock:
        if now is None:
            assert session is not None
            hours = calendar.hours(session)
            assert hours is not None, f"{session} is no session"
            now = (hours.closes if closing else hours.opens) + timedelta(minutes=minutes)
        today = calendar.hours(new_york_date(now))
        return MarketClock(
            now=now,
            is_open=today is not None and today.opens <= now < today.closes,
            today=today,
            previous=calendar.previous(new_york_date(now)),
            upcoming=calendar.following(new_york_date(now)),
        )

    return clock
