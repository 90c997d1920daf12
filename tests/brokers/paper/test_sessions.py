"""The hours of the exchange's sessions."""

from __future__ import annotations

from datetime import date

from tests.brokers.conftest import OpenPit
from tests.fakes.prices import made
from tradebot.core.model.orders import OrderState, TimeInForce

DAY, GTC = TimeInForce.DAY, TimeInForce.GTC


def test_a_half_day_closes_at_one(pit: OpenPit) -> None:
    half_day = date(2007, 7, 3)
    world = pit(made({"ACME": ["100 101 99 100", "100 101 99 100"]}, first=half_day))
    world.buy(1, limit="90", tif=DAY)
    world.at("12:59")
    assert world.order("c1").state is OrderState.ACCEPTED
    world.at("13:00")
    assert world.order("c1").state is OrderState.EXPIRED
    assert not world.broker.clock().is_open
    assert world.broker.clock().upcoming is not None


def test_a_date_that_the_calendar_does_not_know_has_usual_hours(pit: OpenPit) -> None:
    saturday = date(2007, 1, 6)
    world = pit(made({"ACME": ["100 105 95 101", "101 102 100 101"]}, first=saturday))
    world.at("15:59")
    assert world.broker.clock().is_open
    world.at("16:00")
    assert not world.broker.clock().is_open


def test_summer_time_moves_the_open_in_utc(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 101"] * 2}, first=date(2007, 3, 9)))  # clocks change on the 11th
    winter = world.exchange.hours().opens
    world.next()
    assert (winter.hour, world.exchange.hours().opens.hour) == (14, 13)
