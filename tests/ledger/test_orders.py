"""Intents, their states, and the broker's own view."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tests.ledger.conftest import ACCOUNT
from tradebot.core.model.orders import LEGAL_MOVES, TERMINAL, OrderState, OrderType, Purpose, TimeInForce
from tradebot.errors import LedgerError
from tradebot.ledger.database import AccountLedger, Database

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples


def put(ledger: AccountLedger, some: Samples, state: OrderState, symbol: str = "AAPL") -> str:
    """An intent brought to ``state``."""
    intent = some.intent(symbol)
    ledger.orders.write([intent], some.at)
    way = [] if state is OrderState.PLANNED else [OrderState.SUBMITTING, state]
    for step in way:
        ledger.orders.move(intent.client_order_id, step, some.at)
    return intent.client_order_id


def test_an_intent_is_given_back_as_it_was_written(ledger: AccountLedger, some: Samples) -> None:
    bare = replace(some.intent("MSFT", Purpose.STOP), policy=None)
    ledger.orders.write([some.intent(), bare], some.at)
    assert ledger.orders.get(some.intent().client_order_id) == some.intent()
    assert ledger.orders.of_session(some.session) == (some.intent(), bare)
    assert ledger.orders.get("someone-elses") is None


def test_a_decision_is_made_once_and_nothing_of_its_batch_is_kept(ledger: AccountLedger, some: Samples) -> None:
    put(ledger, some, OrderState.SUBMITTING, "AAPL")
    with pytest.raises(LedgerError, match="already written down"):
        ledger.orders.write([some.intent("MSFT"), some.intent("AAPL")], some.at)
    assert [intent.symbol for intent in ledger.orders.of_session(some.session)] == ["AAPL"]


def test_an_intent_that_was_never_sent_is_written_anew_in_its_place(
    database: Database, ledger: AccountLedger, some: Samples
) -> None:
    ledger.orders.write([some.intent("AAPL"), some.intent("MSFT")], some.at)
    smaller = replace(some.intent("AAPL"), request=replace(some.intent("AAPL").request, quantity=Decimal(3)))
    ledger.orders.write([smaller], some.later(5))
    assert ledger.orders.of_session(some.session) == (smaller, some.intent("MSFT"))
    trail = "SELECT kind FROM audit WHERE subject = :id ORDER BY seq"
    told = database.engine.all(trail, {"id": smaller.client_order_id})
    assert [row["kind"] for row in told] == ["intent_written", "intent_rewritten"]


@pytest.mark.parametrize("state", [state for state in OrderState if state is not OrderState.PLANNED])
def test_an_intent_that_may_have_been_sent_is_not_written_anew(
    ledger: AccountLedger, some: Samples, state: OrderState
) -> None:
    order_id = put(ledger, some, state)
    with pytest.raises(LedgerError, match="already written down"):
        ledger.orders.write([some.intent()], some.later(5))
    intent = ledger.orders.get(order_id)
    assert intent is not None
    assert intent.state is state


def test_one_decision_cannot_be_written_under_two_ids(ledger: AccountLedger, some: Samples) -> None:
    ledger.orders.write([some.intent()], some.at)
    renamed = replace(some.intent(), request=replace(some.intent().request, client_order_id="another"))
    with pytest.raises(LedgerError, match="already written down"):
        ledger.orders.write([renamed], some.at)


def test_only_planned_intents_of_this_account_are_written(ledger: AccountLedger, some: Samples) -> None:
    with pytest.raises(ValueError, match="planned"):
        ledger.orders.write([replace(some.intent(), account_key=some.other_account)], some.at)
    with pytest.raises(ValueError, match="planned"):
        ledger.orders.write([replace(some.intent(), state=OrderState.ACCEPTED)], some.at)


@pytest.mark.parametrize("before", OrderState)
def test_an_order_moves_only_along_legal_moves(ledger: AccountLedger, some: Samples, before: OrderState) -> None:
    for number, after in enumerate(OrderState):
        symbol = f"X{number}"
        order_id = put(ledger, some, before, symbol)
        if after is before or after in LEGAL_MOVES[before]:
            ledger.orders.move(order_id, after, some.at)
            expected = after
        else:
            with pytest.raises(LedgerError, match=f"is {before} and cannot become {after}"):
                ledger.orders.move(order_id, after, some.at)
            expected = before
        intent = ledger.orders.get(order_id)
        assert intent is not None
        assert intent.state is expected


def test_a_move_changes_what_is_given_and_keeps_the_rest(ledger: AccountLedger, some: Samples) -> None:
    order_id = put(ledger, some, OrderState.SUBMITTING)
    ledger.orders.move(order_id, OrderState.ACCEPTED, some.at, broker_order_id="B1", note="new")
    ledger.orders.move(
        order_id,
        OrderState.PARTIALLY_FILLED,
        some.at,
        filled_quantity=Decimal(4),
        average_fill_price=Decimal("25.105"),
    )
    assert ledger.orders.get(order_id) == replace(
        some.intent(),
        sends=1,
        state=OrderState.PARTIALLY_FILLED,
        broker_order_id="B1",
        filled_quantity=Decimal(4),
        average_fill_price=Decimal("25.105"),
        note="new",
    )


def test_a_move_that_changes_nothing_leaves_no_trace(database: Database, ledger: AccountLedger, some: Samples) -> None:
    order_id = put(ledger, some, OrderState.ACCEPTED)
    head = database.head(ACCOUNT)
    ledger.orders.move(order_id, OrderState.ACCEPTED, some.later(5))
    assert database.head(ACCOUNT) == head


def test_an_order_that_was_never_written_cannot_move(ledger: AccountLedger, some: Samples) -> None:
    with pytest.raises(LedgerError, match="no intent"):
        ledger.orders.move("nobody", OrderState.SUBMITTING, some.at)


@pytest.mark.parametrize("state", OrderState)
def test_unsettled_are_those_whose_outcome_is_not_final(
    ledger: AccountLedger, some: Samples, state: OrderState
) -> None:
    put(ledger, some, state)
    assert bool(ledger.orders.unsettled()) == (state not in TERMINAL)


@pytest.mark.parametrize("state", OrderState)
def test_an_entry_counts_once_it_may_have_left(ledger: AccountLedger, some: Samples, state: OrderState) -> None:
    put(ledger, some, state)
    never_left = (OrderState.PLANNED, OrderState.ABANDONED, OrderState.REJECTED)
    assert ledger.orders.entries_sent(some.session) == (state not in never_left)
    assert ledger.orders.entries_sent(some.next_session) == 0


def test_only_entries_count_as_entries(ledger: AccountLedger, some: Samples) -> None:
    exit_intent = some.intent(purpose=Purpose.EXIT)
    ledger.orders.write([exit_intent], some.at)
    ledger.orders.move(exit_intent.client_order_id, OrderState.SUBMITTING, some.at)
    assert ledger.orders.entries_sent(some.session) == 0


def test_the_attempts_at_one_decision(ledger: AccountLedger, some: Samples) -> None:
    attempts = [some.intent(attempt=number) for number in (1, 2)]
    ledger.orders.write([*attempts, some.intent("MSFT"), some.intent(purpose=Purpose.EXIT)], some.at)
    assert ledger.orders.attempts(some.session, "trend", "AAPL", "entry") == tuple(attempts)
    assert ledger.orders.attempts(some.next_session, "trend", "AAPL", "entry") == ()


def test_an_order_is_owned_by_the_strategy_of_its_intent(ledger: AccountLedger, some: Samples) -> None:
    order_id = put(ledger, some, OrderState.PLANNED)
    assert ledger.orders.owner_of(order_id, None) == "trend"
    assert ledger.orders.owner_of("leg", order_id) == "trend"
    assert ledger.orders.owner_of("leg", None) is None
    assert ledger.orders.owner_of("leg", "someone-elses") is None


def test_a_leg_is_known_by_the_parent_it_was_seen_under(ledger: AccountLedger, some: Samples) -> None:
    order_id = put(ledger, some, OrderState.SUBMITTING)
    ledger.orders.move(order_id, OrderState.ACCEPTED, some.at, broker_order_id="B1")
    leg = replace(some.shown("B2"), client_order_id="random", parent_id="B1", role=Purpose.STOP, held=True)
    ledger.orders.store_broker_orders([replace(some.shown("B1"), legs=(leg,))], some.at)
    assert ledger.orders.owner_of("random", None) == "trend"


def test_the_brokers_view_is_kept_with_legs_and_only_when_it_changes(
    database: Database, ledger: AccountLedger, some: Samples
) -> None:
    leg = replace(some.shown("B2"), client_order_id="leg", parent_id="B1", role=Purpose.STOP, held=True)
    ledger.orders.store_broker_orders([replace(some.shown("B1"), legs=(leg,)), leg], some.at)
    seen = database.engine.all("SELECT broker_order_id, role, held, state, first_seen, changed_at FROM broker_orders")
    assert [(row["broker_order_id"], row["role"], row["held"]) for row in seen] == [
        ("B1", "entry", 0),
        ("B2", "stop", 1),
    ]

    head = database.head(ACCOUNT)
    ledger.orders.store_broker_orders([some.shown("B1")], some.later(1))
    assert database.head(ACCOUNT) == head

    filled = replace(some.shown("B1"), state=OrderState.FILLED, filled_quantity=Decimal(10))
    ledger.orders.store_broker_orders([filled], some.later(2))
    row = database.engine.one("SELECT * FROM broker_orders WHERE broker_order_id = 'B1'")
    assert row is not None
    assert (row["state"], row["filled_quantity"]) == ("filled", "10")
    assert row["first_seen"] < row["changed_at"]


@pytest.mark.parametrize("kind", OrderType)
@pytest.mark.parametrize("tif", TimeInForce)
def test_the_brokers_view_of_any_kind_of_order_is_kept(
    ledger: AccountLedger, database: Database, some: Samples, kind: OrderType, tif: TimeInForce
) -> None:
    shown = replace(some.shown("B1"), type=kind, time_in_force=tif, notional=Decimal(50), expires_at=some.at)
    ledger.orders.store_broker_orders([shown], some.at)
    assert database.engine.one("SELECT type, time_in_force FROM broker_orders") == {"type": kind, "time_in_force": tif}


@pytest.mark.parametrize("state", [OrderState.PLANNED, OrderState.ACCEPTED, OrderState.UNKNOWN, OrderState.FILLED])
def test_entries_that_may_still_fill_are_found_by_when_they_were_sent(
    ledger: AccountLedger, some: Samples, state: OrderState
) -> None:
    put(ledger, some, state)
    is_open = state in (OrderState.ACCEPTED, OrderState.UNKNOWN)
    assert len(ledger.orders.open_entries(sent_by=some.at)) == is_open
    assert ledger.orders.open_entries(sent_by=some.later(-1)) == ()


def test_an_entry_that_was_given_up_for_lost_may_have_arrived_since(ledger: AccountLedger, some: Samples) -> None:
    ledger.orders.move(put(ledger, some, OrderState.UNKNOWN), OrderState.PLANNED, some.later(1))
    assert len(ledger.orders.open_entries(sent_by=some.later(1))) == 1


def test_an_order_that_reduces_is_no_open_entry(ledger: AccountLedger, some: Samples) -> None:
    stop = replace(some.intent("MSFT", Purpose.STOP), policy=None)
    ledger.orders.write([stop], some.at)
    ledger.orders.move(stop.client_order_id, OrderState.SUBMITTING, some.at)
    assert ledger.orders.open_entries(sent_by=some.later(1)) == ()
