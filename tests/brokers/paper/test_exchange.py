"""The clock of the exchange and its sessions, one after the other."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.brokers.conftest import OpenPit
from tests.fakes.prices import made, sessions
from tradebot.brokers.paper import Phase
from tradebot.core.model.orders import TimeInForce
from tradebot.errors import ConfigError

DAY, GTC = TimeInForce.DAY, TimeInForce.GTC
FIRST, SECOND, THIRD = sessions(3)


def test_the_exchange_begins_at_four_in_the_morning_of_its_first_session(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 101"]}))
    assert world.exchange.session() == FIRST
    assert world.exchange.now() == datetime(2007, 1, 3, 9, 0, tzinfo=UTC)  # 04:00 in New York
    assert world.exchange.status().phase is Phase.PRE_OPEN


def test_the_clock_never_goes_back_and_never_leaves_the_session(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 101"] * 2}))
    world.at("11:00")
    world.at("09:35")
    assert world.exchange.now() == datetime(2007, 1, 3, 16, 0, tzinfo=UTC)
    with pytest.raises(ValueError, match="no time zone"):
        world.exchange.advance_to(datetime(2007, 1, 3, 16, 0))  # noqa: DTZ001
    with pytest.raises(ValueError, match="outside the session"):
        world.exchange.advance_to(datetime(2007, 1, 4, 16, 0, tzinfo=UTC))


def test_the_next_session_lets_the_one_before_pass_to_its_close(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 101", "101 102 100 101"]}))
    world.buy(10, limit="100", tif=DAY)
    world.next()
    assert world.fills() == [("c1", "10", "100")]
    assert world.broker.account().last_equity == Decimal(100_010)


def test_the_end_of_the_data_is_said_clearly_and_changes_nothing(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 101"]}))
    world.at("10:00")
    with pytest.raises(ConfigError, match=r"last session, 2007-01-03.*paper reset"):
        world.exchange.next_session()
    assert world.exchange.now() == datetime(2007, 1, 3, 15, 0, tzinfo=UTC)


def test_sessions_follow_the_wall_calendar_when_asked(pit: OpenPit) -> None:
    exchange = pit(made({"ACME": ["100 105 95 101"] * 3})).exchange
    assert exchange.begin_daily(date(2026, 7, 3)) is False  # the fourth is a Saturday, so this is a holiday
    assert exchange.begin_daily(date(2026, 7, 6)) is False  # its untouched first session
    assert exchange.session() == FIRST
    assert exchange.begin_daily(date(2026, 7, 6)) is False
    assert exchange.begin_daily(date(2026, 7, 7)) is True
    assert exchange.session() == SECOND
    assert exchange.begin_daily(date(2026, 7, 6)) is False
    assert exchange.begin_daily(date(2026, 7, 7)) is False
    assert exchange.begin_daily(date(2026, 7, 11)) is False  # Saturday
    assert exchange.begin_daily(date(2026, 7, 20)) is True
    assert exchange.session() == THIRD


def test_a_session_that_was_traded_by_hand_is_not_taken_for_the_day_s(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 101"] * 3}))
    world.at("10:00")
    assert world.exchange.begin_daily(date(2026, 7, 6)) is True
    assert world.exchange.session() == SECOND
