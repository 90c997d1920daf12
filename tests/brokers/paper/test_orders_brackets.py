"""Brackets: legs wait for their entry, share its quantity, and one ends the other."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.brokers.conftest import OpenPit
from tests.fakes.pit import FREE
from tests.fakes.prices import made
from tradebot.core.model.account import Fill
from tradebot.core.model.orders import OrderState, Purpose, Side, TimeInForce
from tradebot.errors import OrderRefused

QUIET = "100 101 99 100"
SHORT = replace(FREE, allow_short=True)


def test_legs_wait_for_the_entry_and_name_it(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET]}))
    world.at("09:35")
    entry = world.buy(10, limit="98", stop_loss="95", take_profit="110")
    legs = {leg.role: leg for leg in entry.legs}
    assert [legs[role].client_order_id for role in (Purpose.STOP, Purpose.TARGET)] == ["c1.stop", "c1.target"]
    assert all(leg.held and leg.state is OrderState.ACCEPTED for leg in legs.values())
    assert all(leg.parent_id == entry.broker_order_id and leg.side is Side.SELL for leg in legs.values())
    assert {order.client_order_id for order in world.broker.open_orders()} == {"c1", "c1.stop", "c1.target"}


def test_after_the_fill_the_stop_is_held_while_the_target_rests(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET]}))
    world.at("09:35")
    entry = world.buy(10, stop_loss="95", take_profit="110")
    assert entry.state is OrderState.FILLED
    held = {order.client_order_id: order.held for order in world.broker.open_orders()}
    assert held == {"c1.stop": True, "c1.target": False}


@pytest.mark.parametrize(
    ("day", "closed_by", "price"),
    [
        ("100 104 96 100", None, None),
        ("100 104 95 100", "c2.stop", "95"),
        ("100 110 96 100", None, None),  # touches the target, and does not go through it
        ("100 110.01 96 100", "c2.target", "110"),
        ("100 111 94 100", "c2.stop", "95"),  # both inside the bar
        ("93 111 92 100", "c2.stop", "93"),  # gaps through the stop
        ("112 115 94 100", "c2.target", "112"),  # gaps through the target, whatever the low did later
    ],
)
def test_a_resting_bracket_meets_a_day(pit: OpenPit, day: str, closed_by: str | None, price: str | None) -> None:
    world = pit(made({"ACME": [QUIET, day]}))
    world.at("09:35")
    world.buy(1)
    world.buy(10, stop_loss="95", take_profit="110")
    world.next("16:00")
    if closed_by is None:
        assert len(world.broker.open_orders()) == 2
        return
    assert world.fills()[2:] == [(closed_by, "10", price)]
    other = "c2.target" if closed_by == "c2.stop" else "c2.stop"
    assert world.order(other).state is OrderState.CANCELLED
    assert world.held() == 1
    (fill,) = [done for done in world.happened() if isinstance(done, Fill)][2:]
    assert fill.parent_client_order_id == "c2"


@pytest.mark.parametrize(
    ("terms", "day", "fills"),
    [
        # an entry that fills inside the bar may be stopped in it, and does not reach its target in it
        ({"limit": "97"}, "100 120 96 118", [("c1", "97")]),
        ({"limit": "97"}, "100 120 90 118", [("c1", "97"), ("c1.stop", "92")]),
        ({"stop": "103"}, "100 120 93 118", [("c1", "103")]),
        ({"stop": "103"}, "100 120 92 118", [("c1", "103"), ("c1.stop", "92")]),
        ({}, "100 120 93 118", [("c1", "100"), ("c1.target", "110")]),  # in at the open: the whole range counts
        ({}, "100 120 92 118", [("c1", "100"), ("c1.stop", "92")]),
    ],
)
def test_an_entry_and_its_legs_in_one_bar(
    pit: OpenPit, terms: dict[str, str], day: str, fills: list[tuple[str, str]]
) -> None:
    world = pit(made({"ACME": [day, "118 119 117 118"]}))
    world.at("09:35")
    world.buy(10, stop_loss="92", take_profit="110", **terms)
    world.at("16:00")
    assert [(who, price) for who, _, price in world.fills()] == fills


def test_a_target_that_was_passed_in_the_entry_s_own_bar_fills_at_the_next_open(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 120 96 118", "118 119 117 118"]}))
    world.at("09:35")
    world.buy(10, limit="97", stop_loss="92", take_profit="110")
    world.next("09:30")
    assert world.fills()[-1] == ("c1.target", "10", "118")


def test_a_queued_bracket_that_opens_below_its_stop_is_stopped_at_the_open(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET, "90 91 89 90"]}))
    world.at("17:00")
    world.buy(10, stop_loss="95", take_profit="110")
    world.next("09:30")
    assert world.fills() == [("c1", "10", "90"), ("c1.stop", "10", "90")]
    assert world.order("c1.target").state is OrderState.CANCELLED


@pytest.mark.parametrize(
    ("terms", "closed_by"),
    [
        ({"limit": "105", "stop_loss": "102"}, "c1.stop"),
        ({"stop": "95", "stop_loss": "90", "take_profit": "97"}, "c1.target"),
    ],
)
def test_a_leg_that_the_price_has_passed_already_fills_with_its_entry(
    pit: OpenPit, terms: dict[str, str], closed_by: str
) -> None:
    world = pit(made({"ACME": [QUIET]}))
    world.at("09:35")
    world.buy(10, **terms)
    assert world.fills() == [("c1", "10", "100"), (closed_by, "10", "100")]


@pytest.mark.parametrize(
    ("day", "closed_by", "price"),
    [
        ("100 105 91 100", "c1.stop", "105"),
        ("100 104 89.99 100", "c1.target", "90"),
        ("100 106 89 100", "c1.stop", "105"),
        ("107 108 89 100", "c1.stop", "107"),
        ("88 108 87 100", "c1.target", "88"),
    ],
)
def test_a_short_bracket_is_the_mirror_image(pit: OpenPit, day: str, closed_by: str, price: str) -> None:
    world = pit(made({"ACME": [QUIET, day]}), SHORT)
    world.at("09:35")
    world.sell(10, stop_loss="105", take_profit="90")
    assert world.held() == -10
    world.next("16:00")
    assert world.fills()[1:] == [(closed_by, "10", price)]
    assert world.held() == 0


def test_a_short_limit_entry_may_be_stopped_in_its_own_bar(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 108 90 100"]}), SHORT)
    world.at("09:35")
    world.sell(10, limit="104", stop_loss="107", take_profit="95")
    world.at("16:00")
    assert world.fills() == [("c1", "10", "104"), ("c1.stop", "10", "107")]


def test_a_bracket_without_a_target_is_an_entry_with_a_stop(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 120 99 118", "94 95 93 94"]}))
    world.at("09:35")
    world.buy(10, stop_loss="95")
    assert [order.held for order in world.broker.open_orders()] == [False]
    world.next("16:00")
    assert world.fills()[-1] == ("c1.stop", "10", "94")


def test_cancelling_the_entry_cancels_its_legs(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET]}))
    entry = world.buy(10, limit="98", stop_loss="95", take_profit="110")
    world.broker.cancel(entry.broker_order_id)
    assert world.broker.open_orders() == ()
    assert {leg.state for leg in world.order("c1").legs} == {OrderState.CANCELLED}


def test_cancelling_a_leg_cancels_the_other_and_frees_the_shares(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET]}))
    world.at("09:35")
    entry = world.buy(10, stop_loss="95", take_profit="110")
    with pytest.raises(OrderRefused, match="available 0"):
        world.sell(10)
    world.broker.cancel(entry.legs[0].broker_order_id)
    assert world.broker.open_orders() == ()
    assert world.sell(10).state is OrderState.FILLED


def test_a_day_bracket_expires_whole(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET, QUIET]}))
    world.at("09:35")
    world.buy(10, stop_loss="95", take_profit="110", tif=TimeInForce.DAY)
    world.buy(10, limit="98", stop_loss="95", tif=TimeInForce.DAY)
    world.at("16:00")
    assert world.broker.open_orders() == ()
    states = [world.order(name).state for name in ("c1.stop", "c1.target", "c2", "c2.stop")]
    assert set(states) == {OrderState.EXPIRED}


def test_a_raised_stop_keeps_its_target(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET, "100 111 99 110"]}))
    world.at("09:35")
    entry = world.buy(10, stop_loss="95", take_profit="110")
    raised = world.broker.replace(entry.legs[0].broker_order_id, world.requests.sell(10, stop="97", client_id="up"))
    assert (raised.client_order_id, raised.stop_price, raised.role) == ("up", Decimal(97), Purpose.STOP)
    assert raised.parent_id == entry.broker_order_id
    assert world.order("c1.stop").state is OrderState.REPLACED
    assert {leg.client_order_id for leg in world.order("c1").legs} == {"up", "c1.target"}
    world.next("16:00")
    assert world.fills()[-1] == ("c1.target", "10", "110")
    assert world.order("up").state is OrderState.CANCELLED


def test_a_raised_stop_that_fills_names_the_entry(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET, "100 101 96 98"]}))
    world.at("09:35")
    entry = world.buy(10, stop_loss="95", take_profit="110")
    world.broker.replace(entry.legs[0].broker_order_id, world.requests.sell(10, stop="97", client_id="up"))
    world.next("16:00")
    fill = world.happened()[-1]
    assert isinstance(fill, Fill)
    assert (fill.client_order_id, fill.parent_client_order_id) == ("up", "c1")
    assert world.order("c1.target").state is OrderState.CANCELLED


def test_a_stop_raised_after_the_range_is_used_counts_from_the_next_session(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 101 96 100", "100 101 96.5 100"]}))
    world.at("09:35")
    entry = world.buy(10, stop_loss="95", take_profit="110")
    world.at("15:45")
    world.broker.replace(entry.legs[0].broker_order_id, world.requests.sell(10, stop="97", client_id="up"))
    world.at("16:00")
    assert world.held() == 10
    world.next("16:00")
    assert world.fills()[-1] == ("up", "10", "97")


def test_a_refused_replacement_leaves_the_old_stop_resting(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET]}))
    world.at("09:35")
    entry = world.buy(10, stop_loss="95", take_profit="110")
    stop = entry.legs[0].broker_order_id
    for request in (
        world.requests.sell(11, stop="97"),
        world.requests.sell(10, stop="97", client_id="c1"),
        world.requests.sell(10, stop="97.001"),
        world.requests.sell(10, limit="97"),
        world.requests.buy(10, stop="97"),
        world.requests.sell(0, stop="97"),
    ):
        with pytest.raises(OrderRefused):
            world.broker.replace(stop, request)
    assert world.order("c1.stop").state is OrderState.ACCEPTED
    assert world.order("c1.stop").stop_price == 95


def test_the_entry_of_a_bracket_is_not_replaced(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET]}))
    entry = world.buy(10, limit="98", stop_loss="95")
    with pytest.raises(OrderRefused, match="cancel it and send another"):
        world.broker.replace(entry.broker_order_id, world.requests.buy(10, limit="97"))


def test_legs_share_what_fills_in_parts(pit: OpenPit) -> None:
    rules = replace(FREE, max_fill_volume_pct=Decimal("0.1"))
    world = pit(made({"ACME": ["100 101 99 100 1000", "100 111 99 100 90", "100 101 94 95 1000"]}), rules)
    world.at("09:35")
    world.buy(10, stop_loss="95", take_profit="110")
    world.next("16:00")
    assert world.order("c1.target").state is OrderState.PARTIALLY_FILLED
    assert world.order("c1.stop").quantity == 1
    world.next("16:00")
    assert world.fills()[1:] == [("c1.target", "9", "110"), ("c1.stop", "1", "95")]
    assert world.held() == 0
    assert world.broker.open_orders() == ()


def test_legs_do_not_rest_on_part_of_an_entry(pit: OpenPit) -> None:
    rules = replace(FREE, max_fill_volume_pct=Decimal("0.1"))
    world = pit(made({"ACME": ["100 101 99 100 60", "100 101 90 95 1000"]}), rules)
    world.at("09:35")
    world.buy(10, stop_loss="95", tif=TimeInForce.DAY)
    assert [order.held for order in world.broker.open_orders()] == [False, True]
    world.next("16:00")
    assert world.held() == 6  # the rest expired, and the legs with it: what is held has no stop
    assert world.broker.open_orders() == ()
