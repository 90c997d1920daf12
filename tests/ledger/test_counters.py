"""What the limits on orders, repetition and probation count is counted in the ledger, as it happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltScope, HaltSource
from tradebot.core.model.orders import Intent, OrderState, Purpose, Side
from tradebot.core.model.repetition import EntryKey
from tradebot.ledger.database import AccountLedger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples

BUYER = EntryKey("trend", "AAPL", Side.BUY)
ONE_MINUTE = timedelta(minutes=1)


def entered(ledger: AccountLedger, some: Samples, session: date, filled: int = 10) -> Intent:
    """An entry of a session, sent at 09:35 and filled with so many shares."""
    at = some.at + (session - some.session)
    usual = some.intent("AAPL")
    request = replace(usual.request, client_order_id=f"{usual.client_order_id}.{session}")
    intent = replace(usual, request=request, session=session)
    ledger.orders.write([intent], at)
    ledger.orders.move(intent.client_order_id, OrderState.SUBMITTING, at)
    state = OrderState.FILLED if filled else OrderState.CANCELLED
    ledger.orders.move(intent.client_order_id, state, at, filled_quantity=Decimal(filled))
    return intent


def test_orders_are_counted_as_they_leave_whatever_they_are_for_and_whatever_becomes_of_them(
    ledger: AccountLedger, some: Samples
) -> None:
    entry, leaving, planned = some.intent("AAPL"), some.intent("MSFT", Purpose.EXIT), some.intent("IBM")
    ledger.orders.write([entry, leaving, planned], some.at)
    assert ledger.orders.submissions(some.session) == 0
    ledger.orders.move(entry.client_order_id, OrderState.SUBMITTING, some.later(1))
    ledger.orders.move(entry.client_order_id, OrderState.REJECTED, some.later(1))
    ledger.orders.move(leaving.client_order_id, OrderState.SUBMITTING, some.later(3))
    ledger.orders.move(leaving.client_order_id, OrderState.FILLED, some.later(9))
    assert ledger.orders.submissions(some.session) == 2
    assert ledger.orders.submissions(some.session, since=some.later(3)) == 1
    assert ledger.orders.submissions(some.session, since=some.later(4)) == 0
    assert ledger.orders.submissions(some.next_session) == 0


def test_an_order_that_leaves_again_is_counted_again(ledger: AccountLedger, some: Samples) -> None:
    name = some.intent("AAPL").client_order_id
    ledger.orders.write([some.intent("AAPL")], some.at)
    for minutes in (1, 2):
        ledger.orders.move(name, OrderState.SUBMITTING, some.later(minutes))
        ledger.orders.move(name, OrderState.PLANNED, some.later(minutes))
    assert ledger.orders.submissions(some.session) == 2


def test_the_newest_filled_entries_of_a_decider_are_given_and_no_others(ledger: AccountLedger, some: Samples) -> None:
    days = [some.session + timedelta(days=number) for number in range(4)]
    for day, filled in zip(days, (10, 0, 4, 10), strict=True):
        entered(ledger, some, day, filled)
    assert ledger.orders.filled_entry_sessions(BUYER, None, 9) == (days[3], days[2], days[0])
    assert ledger.orders.filled_entry_sessions(BUYER, None, 2) == (days[3], days[2])
    assert ledger.orders.filled_entry_sessions(BUYER, some.at + timedelta(days=1), 9) == (days[3], days[2])
    for other in (replace(BUYER, strategy="x"), replace(BUYER, symbol="X"), replace(BUYER, side=Side.SELL)):
        assert ledger.orders.filled_entry_sessions(other, None, 9) == ()


def test_a_strategy_is_reenabled_when_the_halt_for_its_repetition_is_cleared(
    ledger: AccountLedger, some: Samples
) -> None:
    assert ledger.halts_and_breaks.reenabled("trend") is None
    halt = Halt(
        HaltSource.LEDGER,
        HaltRule.REPEATED_ORDERS,
        HaltLevel.REDUCING,
        "5 times",
        since=some.at,
        scope=HaltScope.STRATEGY,
        scope_name="trend",
    )
    by_hand = replace(halt, rule=HaltRule.OPERATOR)
    for latched in (halt, by_hand):
        ledger.halts_and_breaks.latch(latched, some.at)
    assert ledger.halts_and_breaks.reenabled("trend") is None
    ledger.halts_and_breaks.clear([by_hand], "looked", some.later(1))
    assert ledger.halts_and_breaks.reenabled("trend") is None
    ledger.halts_and_breaks.clear([halt], "looked", some.later(2))
    assert (ledger.halts_and_breaks.reenabled("trend"), ledger.halts_and_breaks.reenabled("other")) == (
        some.later(2),
        None,
    )
