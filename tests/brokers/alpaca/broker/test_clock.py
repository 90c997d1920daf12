"""The sessions around today, as Alpaca's clock and calendar tell of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.brokers.alpaca.broker.answers import with_body
from tests.brokers.alpaca.broker.conftest import Bend, MakeDesk
from tests.brokers.contract import QUIET
from tests.fakes.alpaca import Answer, Arrival
from tests.fakes.alpaca.client import api_of
from tradebot.brokers.alpaca.broker import AlpacaBroker
from tradebot.brokers.http.json_cache import JsonCache
from tradebot.errors import BrokerUnavailable
from tradebot.market.calendar import NyseCalendar


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


def announced(day: date) -> Bend:
    """The calendar with a day on which the exchange will be closed."""

    def bend(arrival: Arrival, answer: Answer) -> Answer:
        if arrival.path != "/v2/calendar":
            return answer
        return replace(answer, body=[each for each in answer.body if each["date"] != day.isoformat()])

    return bend


def test_every_session_of_the_two_weeks_before_and_after_is_told(alpaca: MakeDesk) -> None:
    sessions = alpaca().broker.clock().sessions
    assert sessions == NyseCalendar().between(date(2006, 12, 21), date(2007, 1, 18))


def test_a_closing_is_known_on_the_day_after_it_is_announced(alpaca: MakeDesk, tmp_path: Path) -> None:
    desk = alpaca(QUIET, QUIET)
    AlpacaBroker(api_of(desk.fake), "paper", tmp_path).clock()
    desk.fake.bend = announced(date(2007, 1, 10))
    desk.pit.next("09:00")
    sessions = AlpacaBroker(api_of(desk.fake), "paper", tmp_path).clock().sessions
    assert sessions is not None
    assert date(2007, 1, 10) not in {each.session for each in sessions}


def test_what_an_earlier_version_cached_is_asked_for_anew(alpaca: MakeDesk, tmp_path: Path) -> None:
    desk = alpaca()
    host = api_of(desk.fake).endpoint.host
    JsonCache(tmp_path, "alpaca", "sessions", host).save([{"date": "2007-01-04", "open": "09:30", "close": "16:00"}])
    sessions = AlpacaBroker(api_of(desk.fake), "paper", tmp_path).clock().sessions
    assert sessions is not None
    assert len(sessions) > 10


def test_a_calendar_without_a_session_ahead_is_told_as_it_is(alpaca: MakeDesk, tmp_path: Path) -> None:
    desk = alpaca()
    desk.fake.bend = lambda arrival, answer: replace(answer, body=[]) if arrival.path == "/v2/calendar" else answer
    for _ in range(2):  # of which the second has a cache that ends today
        clock = AlpacaBroker(api_of(desk.fake), "paper", tmp_path).clock()
        assert (clock.sessions, clock.today, clock.session) == ((), None, None)
