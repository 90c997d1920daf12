from __future__ import annotations

from dataclasses import replace

import pytest

from tests.core.builders import D, intent, order
from tradebot.core.model.orders import (
    LEGAL_MOVES,
    LIVE,
    TERMINAL,
    OrderState,
    Purpose,
    Side,
    is_plausible_state,
    may_move,
)


def test_every_state_has_moves_and_is_live_terminal_or_not_yet_sent() -> None:
    assert set(LEGAL_MOVES) == set(OrderState)
    assert not LIVE & TERMINAL
    assert set(OrderState) - LIVE - TERMINAL == {OrderState.PLANNED}


def test_every_state_can_be_reached_from_planned() -> None:
    reached, edge = {OrderState.PLANNED}, {OrderState.PLANNED}
    while edge:
        edge = {after for state in edge for after in LEGAL_MOVES[state]} - reached
        reached |= edge
    assert reached == set(OrderState)


@pytest.mark.parametrize("state", sorted(TERMINAL - {OrderState.ABANDONED, OrderState.FILLED}))
def test_an_end_stays_an_end_save_that_it_may_turn_out_filled(state: OrderState) -> None:
    assert LEGAL_MOVES[state] <= {OrderState.FILLED}


def test_the_outcome_of_an_order_is_in_doubt_while_only_the_broker_knows_it() -> None:
    in_doubt = {state for state in OrderState if state.in_doubt}
    assert in_doubt == {OrderState.SUBMITTING, OrderState.UNKNOWN}
    assert in_doubt < LIVE


@pytest.mark.parametrize("state", sorted(LIVE))
def test_a_live_order_can_end_filled_or_cancelled(state: OrderState) -> None:
    assert may_move(state, OrderState.FILLED)
    assert may_move(state, OrderState.CANCELLED)


def test_what_the_broker_has_is_neither_a_plan_again_nor_given_up() -> None:
    not_at_the_broker = {OrderState.PLANNED, OrderState.SUBMITTING, OrderState.UNKNOWN, OrderState.ABANDONED}
    for state in set(OrderState) - not_at_the_broker:
        assert LEGAL_MOVES[state].isdisjoint({OrderState.PLANNED, OrderState.SUBMITTING, OrderState.ABANDONED})


def test_what_nobody_saw_is_sent_again_only_by_way_of_a_plan() -> None:
    assert OrderState.SUBMITTING not in LEGAL_MOVES[OrderState.UNKNOWN]
    assert OrderState.PLANNED in LEGAL_MOVES[OrderState.UNKNOWN]


def test_what_was_given_up_may_turn_up_at_the_broker_and_is_never_sent_again() -> None:
    assert {OrderState.ACCEPTED, OrderState.FILLED} <= LEGAL_MOVES[OrderState.ABANDONED]
    assert LEGAL_MOVES[OrderState.ABANDONED].isdisjoint({OrderState.PLANNED, OrderState.SUBMITTING})


@pytest.mark.parametrize("state", list(OrderState))
def test_staying_is_always_legal(state: OrderState) -> None:
    assert may_move(state, state)


def test_a_filled_order_can_only_be_taken_back() -> None:
    assert LEGAL_MOVES[OrderState.FILLED] == {OrderState.CANCELLED, OrderState.UNKNOWN}


def test_only_an_entry_can_add() -> None:
    assert [purpose for purpose in Purpose if not purpose.reduces] == [Purpose.ENTRY]
    assert (Side.BUY.opposite, Side.SELL.opposite) == (Side.SELL, Side.BUY)


@pytest.mark.parametrize("shown", [OrderState.ACCEPTED, OrderState.REJECTED])
@pytest.mark.parametrize("known", [OrderState.ACCEPTED, OrderState.UNKNOWN])
def test_what_has_filled_in_part_is_neither_merely_accepted_nor_rejected(known: OrderState, shown: OrderState) -> None:
    placed = replace(intent(), state=known)
    assert is_plausible_state(order(state=shown), placed)
    assert not is_plausible_state(order(state=shown), replace(placed, filled_quantity=D(20)))
    assert is_plausible_state(order(state=OrderState.CANCELLED), replace(placed, filled_quantity=D(20)))
    assert not is_plausible_state(order(state=shown), replace(placed, state=OrderState.FILLED))
