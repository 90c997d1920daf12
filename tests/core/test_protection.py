from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.core.builders import D, holding, order, position, quote, stop
from tradebot.core.orders import BrokerOrder, OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.core.protection import Gap, GapKind, gaps, unprotected_dollars

SHORT = {"holding": holding(quantity="-100", stop="51"), "position": position(quantity="-100")}


def found(*open_orders: BrokerOrder, **given: Any) -> tuple[Gap, ...]:
    held, shown = given.get("holding", holding()), given.get("position", position())
    return gaps((held,), (shown,) if shown else (), open_orders, {"AAPL": quote(last="51")})


def kinds(*open_orders: BrokerOrder, **given: Any) -> list[GapKind]:
    return [gap.kind for gap in found(*open_orders, **given)]


def test_a_holding_without_a_stop_is_a_gap_worth_its_market_value() -> None:
    assert found() == (Gap(GapKind.MISSING, "trend", "AAPL", D(100), D(0), D(49), D(5100)),)


@pytest.mark.parametrize(
    "protecting",
    [
        stop(),
        stop(held=True),
        stop(type=OrderType.STOP_LIMIT, limit_price=D("48.50")),
        stop(price="49.50"),  # better than asked
        stop(time_in_force=TimeInForce.DAY),
        stop(state=OrderState.PARTIALLY_FILLED, quantity="140", filled_quantity=D(40)),
        stop(parent_id=None, role=Purpose.ENTRY),
    ],
)
def test_a_live_stop_of_the_right_size_and_price_protects(protecting: BrokerOrder) -> None:
    assert kinds(protecting) == []


@pytest.mark.parametrize(
    "useless",
    [
        stop("MSFT"),
        stop(side=Side.BUY),
        stop(state=OrderState.CANCELLED),
        order(side=Side.SELL, type=OrderType.LIMIT, limit_price=D(60)),
    ],
)
def test_other_orders_do_not_protect(useless: BrokerOrder) -> None:
    assert [(gap.kind, gap.stop_order_ids) for gap in found(useless)] == [(GapKind.MISSING, ())]


def test_a_stop_in_an_unknown_state_is_no_proof_and_is_named() -> None:
    (gap,) = found(stop(state=OrderState.UNKNOWN))
    assert (gap.kind, gap.stop_order_ids) == (GapKind.MISSING, ("stop-AAPL",))


def test_a_stop_for_too_few_shares_leaves_the_others_unprotected() -> None:
    (gap,) = found(stop(quantity="60"))
    assert (gap.kind, gap.protected, gap.dollars) == (GapKind.TOO_SMALL, D(60), D(2040))


def test_two_stops_protect_together() -> None:
    assert kinds(stop(quantity="60"), stop(quantity="40", broker_order_id="b2")) == []


def test_a_stop_further_off_than_planned_is_at_the_wrong_price() -> None:
    (gap,) = found(stop(price="48.99"))
    assert (gap.kind, gap.protected, gap.dollars) == (GapKind.WRONG_PRICE, D(100), D(0))


def test_stops_for_more_than_the_position_could_turn_it_round() -> None:
    assert kinds(stop(quantity="101")) == [GapKind.TOO_LARGE]
    assert kinds(stop(quantity="130"), position=position(quantity="150")) == []  # fifty shares are foreign


def test_a_leg_of_an_entry_still_being_filled_is_not_too_large() -> None:
    parent = order(side=Side.BUY, broker_order_id="entry-AAPL", state=OrderState.PARTIALLY_FILLED)
    part = {"holding": holding(quantity="40"), "position": position(quantity="40")}
    assert kinds(parent, stop(held=True), **part) == []
    assert kinds(stop(held=True), **part) == [GapKind.TOO_LARGE]


def test_a_short_is_protected_by_a_buy_stop_above() -> None:
    above = stop(side=Side.BUY, price="51")
    assert kinds(above, **SHORT) == []
    assert kinds(replace(above, stop_price=D("50.50")), **SHORT) == []
    assert kinds(replace(above, stop_price=D("51.01")), **SHORT) == [GapKind.WRONG_PRICE]
    assert kinds(stop(), **SHORT) == [GapKind.MISSING]


def test_only_shares_that_the_broker_shows_need_a_stop() -> None:
    assert kinds(position=None) == []
    assert kinds(position=position(quantity="-100")) == []
    (gap,) = found(position=position(quantity="70"))
    assert (gap.held, gap.dollars) == (D(70), D(3570))


def test_without_a_quote_the_brokers_price_counts() -> None:
    (gap,) = gaps((holding(),), (position(price="48"),), (), {})
    assert unprotected_dollars((gap, gap)) == 9600


def test_a_foreign_position_is_none_of_ours() -> None:
    assert gaps((), (position(),), (), {}) == ()


def test_the_shares_of_a_short_are_counted_below_zero() -> None:
    (gap,) = found(stop(side=Side.BUY, quantity="60", price="51"), **SHORT)
    assert (gap.held, gap.protected, gap.dollars) == (D(-100), D(-60), D(2040))
