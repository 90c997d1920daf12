"""The exchange's hours, three requests a day, and the time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.brokers.robinhood.conftest import MakeDesk
from tradebot.brokers.robinhood.broker.clock import parse_hours
from tradebot.errors import BrokerUnavailable

DAYS = ("100 101 99 100",) * 3
HOURS = {
    "date": "2026-11-27",
    "is_open": True,
    "opens_at": "2026-11-27T14:30:00Z",
    "closes_at": "2026-11-27T18:00:00Z",
}


def test_the_sessions_around_today_are_read_once_a_day_whatever_the_command(robinhood: MakeDesk) -> None:
    desk = robinhood(*DAYS)
    first = desk.broker.clock()
    assert first.is_open
    assert [each.session for each in first.sessions or ()] == [date(2007, 1, 4), date(2007, 1, 3), date(2007, 1, 5)]
    assert desk.asked == [f"GET /markets/XNYS/hours/2007-01-0{day}/" for day in (4, 3, 5)]
    desk.forget()
    desk.pit.at("16:05")
    again = desk.command().clock()
    assert desk.asked == []
    assert not again.is_open
    assert again.now - first.now == timedelta(hours=6, minutes=30)
    desk.pit.next("09:35")
    assert desk.command().clock().today == first.upcoming
    assert len(desk.asked) == 3


def test_a_half_day_is_told_by_its_close() -> None:
    early = parse_hours(HOURS)
    usual = parse_hours({**HOURS, "closes_at": "2026-11-27T21:00:00Z"})
    assert early is not None and early.half_day
    assert usual is not None and not usual.half_day


def test_a_day_without_a_session_is_none_and_one_that_cannot_be_read_a_failed_read() -> None:
    assert parse_hours({**HOURS, "is_open": False, "opens_at": None, "closes_at": None}) is None
    for wrong in ({"date": "27.11.2026"}, {"is_open": None}, {"opens_at": "soon"}, {"closes_at": None}):
        with pytest.raises(BrokerUnavailable):
            parse_hours({**HOURS, **wrong})
