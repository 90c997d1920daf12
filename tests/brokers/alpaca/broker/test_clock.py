"""The sessions around today, as Alpaca's clock and calendar tell of them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.brokers.alpaca.broker.answers import with_body
from tests.brokers.alpaca.broker.conftest import MakeDesk
from tradebot.errors import BrokerUnavailable


def test_the_sessions_around_today_are_asked_for_once(alpaca: MakeDesk) -> None:
    desk = alpaca()
    for _ in range(3):
        clock = desk.broker.clock()
    assert desk.asked == ["GET /v2/clock", "GET /v2/calendar", "GET /v2/clock", "GET /v2/clock"]
    assert clock.today is not None and clock.previous is not None and clock.upcoming is not None
    assert (clock.previous.session, clock.today.session) == (date(2007, 1, 3), date(2007, 1, 4))
    assert clock.upcoming.session == date(2007, 1, 5)
    assert clock.today.opens == datetime(2007, 1, 4, 14, 30, tzinfo=UTC)
    assert not clock.today.half_day


def test_an_early_close_is_a_half_day(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.fake.bend = with_body("/v2/calendar", date="2007-01-04", close="13:00")
    today = desk.broker.clock().today
    assert today is not None and today.half_day
    assert today.closes == datetime(2007, 1, 4, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize("fields", [{"open": "half past nine"}, {"date": "today"}, {"close": None}])
def test_a_calendar_that_cannot_be_read_is_no_answer(alpaca: MakeDesk, fields: dict[str, Any]) -> None:
    desk = alpaca()
    desk.fake.bend = with_body("/v2/calendar", **fields)
    with pytest.raises(BrokerUnavailable):
        desk.broker.clock()


def test_a_day_without_a_session_has_none_today(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.fake.bend = with_body("/v2/clock", timestamp="2007-01-06T12:00:00-05:00", is_open=False)
    clock = desk.broker.clock()
    assert clock.today is None and not clock.is_open
    assert clock.previous is not None and clock.previous.session == date(2007, 1, 5)
