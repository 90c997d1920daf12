"""What a report tells of a period beside trades: costs, halts, breaks and jobs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tradebot.core.accounting.fill_sums import Execution
from tradebot.core.model.account import Position
from tradebot.core.model.breaks import Break, BreakKind
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.ledger_rows import Booking
from tradebot.core.model.orders import RECOVERED, OrderState, OrderType, Purpose
from tradebot.core.results.period_lines import JobCount
from tradebot.ledger.database import AccountLedger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples


def test_a_fill_is_told_with_the_prices_that_its_cost_is_measured_by(ledger: AccountLedger, some: Samples) -> None:
    entry = some.intent()
    ledger.orders.write([entry], some.at)
    ledger.orders.move(entry.client_order_id, OrderState.SUBMITTING, some.at, quote=some.quote())
    fill = replace(some.fill(), client_order_id=entry.client_order_id)
    ledger.books.book([Booking(fill, "trend", "AAPL")], some.at)
    (told,) = ledger.period.executions(some.session, some.session)
    assert told == Execution(
        "trend", 9, 1, Decimal(10), Decimal("25.1"), Decimal(1), Decimal("25.1"), Decimal("25.12"), False, "AAPL"
    )
    assert list(ledger.period.executions(some.next_session, None)) == []


def test_the_stop_of_a_bracket_is_measured_from_its_own_price(ledger: AccountLedger, some: Samples) -> None:
    leg = replace(some.shown("B9"), client_order_id="leg", type=OrderType.STOP, role=Purpose.STOP, limit_price=None)
    ledger.orders.store_broker_orders([replace(leg, stop_price=Decimal("24.85"))], some.at)
    fill = replace(some.fill("F9"), broker_order_id="B9", client_order_id="leg")
    ledger.books.book([Booking(fill, "trend", "AAPL")], some.at)
    (row,) = ledger.period.executions(None, None)
    told = Execution(*row)
    assert (told.planned_price, told.sent_price, told.rests) == (Decimal("24.85"), None, True)


def test_a_price_that_rebuild_made_up_is_no_planned_price(ledger: AccountLedger, some: Samples) -> None:
    entry = replace(some.intent(), reason=RECOVERED)
    ledger.orders.write([entry], some.at)
    fill = replace(some.fill(), client_order_id=entry.client_order_id)
    foreign = replace(some.fill("F8"), client_order_id="by hand")
    ledger.books.book([Booking(fill, "trend", "AAPL"), Booking(foreign, "foreign", "AAPL")], some.at)
    assert [Execution(*row).planned_price for row in ledger.period.executions(None, None)] == [None, None]


def test_a_halt_is_told_in_every_period_in_which_it_held(ledger: AccountLedger, some: Samples) -> None:
    halts = ledger.halts_and_breaks
    halts.latch(Halt(HaltSource.LEDGER, HaltRule.DRAWDOWN, HaltLevel.HALTED, "10 %"), some.at)
    until = replace(halts.halts()[0], rule=HaltRule.DAILY_LOSS, reason="3 %", until=some.next_session)
    halts.latch(until, some.at)
    cleared = some.at + timedelta(days=10)
    halts.clear([halt for halt in halts.halts() if halt.rule is HaltRule.DRAWDOWN], "looked into", cleared)

    def told(first: date, last: date) -> list[tuple[str, str]]:
        return [(line.rule, line.ended_by) for line in ledger.period.halts(first, last)]

    both = [("drawdown", "looked into"), ("daily_loss", "")]
    assert told(some.session, some.session) == both
    assert told(some.next_session, some.next_session) == both[:1], "a day's loss halts until the next session"
    assert told(date(2007, 1, 13), date(2007, 1, 13)) == both[:1]
    assert told(date(2007, 1, 14), date(2007, 1, 31)) == []
    assert told(date(2006, 12, 1), date(2007, 1, 2)) == []


def test_breaks_and_jobs_of_a_period(busy: AccountLedger, some: Samples) -> None:
    differs = Break(BreakKind.QUANTITY, "AAPL", Decimal(10), Decimal(5), "5 shares", dollars=Decimal(125))
    for minutes in (2, 60):  # the second look confirms it
        busy.halts_and_breaks.record_breaks(
            [differs], some.session, some.later(minutes), first_seen_by=some.later(minutes - 1)
        )
    found = busy.period.breaks(some.session, some.session)
    assert [(line.kind, line.symbol, line.dollars, line.closed_at) for line in found] == [
        ("quantity", "AAPL", Decimal(125), None)
    ]
    assert busy.period.breaks(some.next_session, None) == ()
    assert busy.period.jobs(some.session, some.session) == (
        JobCount("preflight", "missed", 1),
        JobCount("run-daily", "ran", 1),
    )


def test_sessions_without_limits_are_counted(busy: AccountLedger, some: Samples) -> None:
    assert busy.period.sessions_without_limits(None, None) == 0
    busy.books.store_equity(some.equity("100000", some.next_session, 1440), [])
    assert busy.period.sessions_without_limits(None, None) == 1
    assert busy.period.sessions_without_limits(None, some.session) == 0


def test_positions_are_those_of_the_last_look_in_the_session(busy: AccountLedger, some: Samples) -> None:
    seen = busy.period.positions(some.session)
    assert seen.at == some.later(60)
    assert seen.positions == (Position("AAPL", Decimal(10), Decimal(25), Decimal(26)),)
    assert seen.owners == {"AAPL": "trend"}
    assert busy.period.positions(some.next_session).at is None
