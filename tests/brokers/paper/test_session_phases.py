"""A session passes: what fills when, at what price, stamped with which instant; what expires, what stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.brokers.conftest import OpenPit
from tests.fakes.pit import FREE
from tests.fakes.prices import made
from tradebot.core.model.account import Fill
from tradebot.core.model.orders import OrderState, TimeInForce

DAY, GTC = TimeInForce.DAY, TimeInForce.GTC


@pytest.mark.parametrize(
    ("sent", "terms", "fills_at"),
    [
        # previous close 90; the day: open 100, high 105, low 95, close 101
        ("09:00", {}, "100"),
        ("09:30", {}, "100"),
        ("09:35", {}, "100"),
        ("09:36", {}, "101"),
        ("15:59", {}, "101"),
        ("16:00", {}, "110"),  # queues for the next open
        ("09:00", {"limit": "102"}, "100"),
        ("09:00", {"limit": "97"}, "97"),
        ("09:35", {"limit": "97"}, "97"),
        ("09:36", {"limit": "97"}, None),  # the bar has been used
        ("09:36", {"limit": "102"}, "101"),
        ("09:00", {"stop": "98"}, "100"),  # the open gaps through it
        ("09:00", {"stop": "103"}, "103"),
        ("09:35", {"stop": "103"}, "103"),
        ("09:36", {"stop": "103"}, "110"),
        ("09:36", {"stop": "101"}, "101"),
        ("09:35", {"stop": "103", "limit": "104"}, "103"),
        ("09:35", {"stop": "103", "limit": "102"}, None),
    ],
)
def test_a_buy_fills_by_when_it_was_sent(pit: OpenPit, sent: str, terms: dict[str, str], fills_at: str | None) -> None:
    world = pit(made({"ACME": ["88 92 87 90", "100 105 95 101", "110 112 108 111"]}))
    world.next(sent)
    world.buy(10, **terms)
    world.at("20:00")
    world.next("09:30")
    assert world.fills() == ([] if fills_at is None else [("c1", "10", fills_at)])


@pytest.mark.parametrize(
    ("sent", "terms", "fills_at"),
    [
        ("09:00", {"stop": "92"}, "88"),  # gaps through at the open
        ("09:00", {"stop": "86"}, "86"),
        ("09:00", {"stop": "84"}, None),
        ("09:00", {"limit": "87"}, "88"),  # gaps in its favour
        ("09:00", {"limit": "89"}, "89"),
        ("09:00", {"limit": "91"}, None),
        ("09:35", {"stop": "86"}, "86"),
        ("15:45", {"stop": "86"}, None),  # the day's low is over
        ("15:45", {"stop": "87"}, "87"),
        ("15:45", {}, "87"),
        ("09:00", {"stop": "86", "limit": "85.5"}, "86"),
        ("09:00", {"stop": "92", "limit": "89"}, "89"),  # gapped below its limit, came back to it
        ("09:00", {"stop": "95", "limit": "91"}, None),
    ],
)
def test_a_sale_fills_by_when_it_was_sent(pit: OpenPit, sent: str, terms: dict[str, str], fills_at: str | None) -> None:
    world = pit(made({"ACME": ["100 101 99 100", "88 90 85 87"]}))
    world.at("09:30")
    world.buy(10, limit="100")
    world.next(sent)
    world.sell(10, **terms)
    world.at("16:00")
    assert world.fills()[1:] == ([] if fills_at is None else [("c2", "10", fills_at)])


def test_a_limit_that_the_open_touches_waits_and_one_that_arrives_at_the_price_fills(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 101 100 100"]}))
    world.buy(1, limit="100")
    world.at("09:35")
    assert world.fills() == []
    world.buy(2, limit="100")
    world.at("16:30")
    assert world.fills() == [("c2", "2", "100")]


def test_fills_are_stamped_with_the_exchange_s_time(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 101"]}))
    world.buy(1, limit="101")
    world.at("09:35")
    world.buy(1)
    world.buy(1, limit="96")
    world.at("11:00")
    world.buy(1)
    stamps = [done.at for done in world.happened() if isinstance(done, Fill)]
    assert stamps == [datetime(2007, 1, 3, *clock, tzinfo=UTC) for clock in [(14, 30), (14, 35), (16, 0), (16, 0)]]


def test_what_filled_during_the_day_is_not_stamped_after_its_close(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 101"]}))
    world.buy(1, limit="96")
    world.at("18:00")
    (fill,) = world.happened()
    assert fill.at == datetime(2007, 1, 3, 21, 0, tzinfo=UTC)


def test_cancelling_a_stop_late_in_the_day_does_not_dodge_the_low(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 101 90 100"]}))
    world.at("09:35")
    world.buy(10)
    stop = world.sell(10, stop="95")
    world.at("15:45")
    assert world.order("c2").state is OrderState.FILLED
    with pytest.raises(Exception, match="already in"):
        world.broker.cancel(stop.broker_order_id)


def test_the_range_is_used_once(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 105 95 100"]}))
    world.at("09:35")
    world.buy(10)
    world.at("09:45")
    world.sell(10, stop="96")
    world.at("15:45")
    world.at("16:00")
    assert world.held() == 10


def test_day_orders_expire_at_the_close_and_gtc_orders_stay(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 101 99 100", "100 101 99 100"]}))
    world.buy(1, limit="90", tif=DAY)
    world.buy(1, limit="90", tif=GTC)
    world.at("15:59")
    assert len(world.broker.open_orders()) == 2
    world.at("16:00")
    assert [order.client_order_id for order in world.broker.open_orders()] == ["c2"]
    assert world.order("c1").state is OrderState.EXPIRED


def test_a_day_order_sent_after_the_close_belongs_to_the_next_session(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 101 99 100", "100 101 99 100"]}))
    world.at("17:00")
    world.buy(1, limit="90", tif=DAY)
    world.next("15:00")
    assert world.order("c1").state is OrderState.ACCEPTED
    world.at("16:00")
    assert world.order("c1").state is OrderState.EXPIRED


def test_a_share_of_the_volume_bounds_what_fills(pit: OpenPit) -> None:
    rules = replace(FREE, max_fill_volume_pct=Decimal("0.1"))
    world = pit(made({"ACME": ["100 105 95 101 1000", "102 103 101 102 500"]}), rules)
    world.at("09:35")
    world.buy(120, tif=GTC)
    world.buy(50, tif=DAY)
    assert world.order("c1").state is OrderState.PARTIALLY_FILLED
    assert world.order("c1").filled_quantity == 100
    world.at("16:00")
    assert world.order("c2").state is OrderState.EXPIRED
    world.next("09:30")
    assert world.order("c1").state is OrderState.FILLED
    assert world.order("c1").average_fill_price == Decimal("100.333333")
    assert world.fills() == [("c1", "100", "100"), ("c1", "20", "102")]


@pytest.mark.parametrize("terms", [{}, {"limit": "100"}, {"limit": "95"}, {"stop": "102"}, {"stop": "100"}])
@pytest.mark.parametrize("sent", ["09:00", "09:35", "12:00"])
def test_nothing_fills_in_a_session_without_volume(pit: OpenPit, sent: str, terms: dict[str, str]) -> None:
    world = pit(made({"ACME": ["100 101 99 100", "100 105 95 101 0", "100 105 94 101"]}))
    world.next(sent)
    order = world.buy(10, **terms)
    world.at("20:00")
    assert world.fills() == []
    assert world.order(order.client_order_id).state is OrderState.ACCEPTED
    world.next("16:00")
    assert len(world.fills()) == 1


def test_in_a_session_without_volume_a_day_order_expires_and_a_bracket_stays(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 101 99 100", "80 120 80 100 0", "100 101 99 100"]}))
    world.at("09:35")
    world.buy(10, stop_loss="90", take_profit="110")
    world.next("09:35")
    leaving = world.buy(1, tif=DAY)
    world.at("20:00")
    assert world.order(leaving.client_order_id).state is OrderState.EXPIRED
    assert world.held() == 10
    assert len(world.broker.open_orders()) == 2


def test_an_order_ends_when_it_has_rested_for_as_long_as_orders_may(pit: OpenPit) -> None:
    aged = replace(FREE, capabilities=replace(FREE.capabilities, gtc_age=timedelta(days=4)))
    market = pit(made({"ACME": ["100 101 99 100"] * 6}), aged)
    market.at("09:35")
    market.buy(10, limit="90", client_id="aged", tif=GTC)
    market.next()  # the fourth
    market.next()  # the fifth, a Friday
    assert market.order("aged").state is OrderState.ACCEPTED
    market.next()  # the eighth
    ended = market.order("aged")
    assert (ended.state, ended.reason) == (OrderState.CANCELLED, "it has rested for 4 days")
