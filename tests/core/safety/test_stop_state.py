"""What an emergency stop sees: what has to go, what is whose, and when it is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tradebot.core.model.account import Position
from tradebot.core.model.holdings import Lot
from tradebot.core.model.order_ids import client_order_id
from tradebot.core.model.orders import BrokerOrder, OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.core.model.ownership import Ownership
from tradebot.core.safety.stop_state import StopGoal, StopState

ACCOUNT = "paper:paper:PAPER-0001"
DAY = date(2007, 1, 4)
AT = datetime(2007, 1, 4, 15, 0, tzinfo=UTC)


def held(quantity: int, symbol: str = "ACME") -> Position:
    return Position(symbol, Decimal(quantity), Decimal(100), Decimal(100))


def lot(quantity: int, strategy: str = "mine", symbol: str = "ACME") -> Lot:
    return Lot(f"{symbol}{quantity}", strategy, symbol, Decimal(quantity), Decimal(100), Decimal(0), AT, DAY)


def order(
    purpose: Purpose | None, side: Side, quantity: int = 50, *, stop: bool = False, strategy: str = "mine"
) -> BrokerOrder:
    """An order for ACME; by hand without a purpose."""
    made = purpose and client_order_id(ACCOUNT, DAY, strategy, "ACME", purpose, 1)
    return BrokerOrder(
        broker_order_id=f"O-{made or 'hand'}",
        client_order_id=made or "by hand",
        symbol="ACME",
        side=side,
        quantity=Decimal(quantity),
        filled_quantity=Decimal(0),
        type=OrderType.STOP if stop else OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        state=OrderState.ACCEPTED,
        submitted_at=AT,
        stop_price=Decimal(90) if stop else None,
    )


def view(
    *orders: BrokerOrder, position: int = 50, close: bool = False, lots: tuple[Lot, ...] | None = None
) -> StopState:
    positions = {"ACME": held(position)} if position else {}
    ours = (lot(position),) if lots is None else lots
    return StopState(Ownership(ACCOUNT), StopGoal(close), orders, positions, {"ACME": ours if position else ()})


STOP = order(Purpose.STOP, Side.SELL, stop=True)
ENTRY = order(Purpose.ENTRY, Side.BUY)
CLOSE = order(Purpose.CLOSE, Side.SELL)
BY_HAND = order(None, Side.BUY)


@pytest.mark.parametrize(
    ("shown", "close", "goes"),
    [
        (ENTRY, False, True),
        (ENTRY, True, True),
        (STOP, False, False),
        (STOP, True, True),
        (order(Purpose.STOP, Side.SELL, 60, stop=True), False, True),  # it could open a short
        (order(Purpose.EXIT, Side.SELL), False, False),
        (order(Purpose.EXIT, Side.BUY), False, True),
        (CLOSE, True, False),
        (order(Purpose.CLOSE, Side.SELL, 60), True, True),
        (BY_HAND, False, False),
        (BY_HAND, True, False),
    ],
)
def test_what_could_open_or_add_or_holds_shares_that_are_to_be_sold_has_to_go(
    shown: BrokerOrder, close: bool, goes: bool
) -> None:
    assert (view(shown, close=close).to_cancel() == (shown,)) is goes


def test_what_people_sent_goes_when_it_is_included() -> None:
    goal = StopGoal(close=False, include_foreign=True)
    assert replace(view(BY_HAND, STOP), goal=goal).to_cancel() == (BY_HAND,)


def test_without_positions_only_what_was_sent_to_open_goes() -> None:
    assert replace(view(ENTRY, STOP, close=True), positions=None).to_cancel() == (ENTRY,)


def test_a_position_has_an_owner_for_each_of_its_shares() -> None:
    shared = view(position=50, lots=(lot(30), lot(20, "foreign")))
    assert [(stake.strategy, stake.shares) for stake in shared.owned_shares()] == [
        ("mine", Decimal(30)),
        ("foreign", Decimal(20)),
    ]
    other_way = view(position=-50, lots=(lot(30),))
    assert [(stake.strategy, stake.quantity) for stake in other_way.owned_shares()] == [("foreign", Decimal(-50))]


def test_it_is_reached_when_nothing_is_left_to_do() -> None:
    assert view(STOP).is_reached
    assert not view().is_reached, "what stays open has no stop"
    assert not view(STOP, close=True).is_reached
    assert view(position=0, close=True).is_reached
    assert not view(ENTRY, position=0).is_reached
    assert not replace(view(position=0, close=True), positions=None).is_reached


LEG = replace(STOP, broker_order_id="leg", client_order_id="leg", held=True, parent_id=ENTRY.broker_order_id)
TARGET = replace(LEG, broker_order_id="target", client_order_id="target", held=False, stop_price=None)


def test_a_leg_that_waits_for_its_entry_covers_nothing() -> None:
    assert [owned.shares for owned in view(LEG, ENTRY, replace(TARGET, held=True)).bare()] == [50]
    assert not view(LEG).is_reached, "its twin does not work, so nothing tells that the entry has filled whole"
    assert view(LEG, TARGET).is_reached


def test_what_is_queued_for_the_open_is_all_that_can_be_done_now() -> None:
    waiting = view(CLOSE, close=True)
    assert not waiting.is_at_rest
    shut = replace(waiting, market_is_open=False)
    assert shut.is_at_rest
    assert not shut.is_reached
    assert not replace(view(order(Purpose.CLOSE, Side.SELL, 20), close=True), market_is_open=False).is_at_rest
