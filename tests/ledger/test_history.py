"""History for reports: both bounds included, None for open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from tradebot.core.accounting.performance import totals
from tradebot.core.model.account import CashEvent, CashKind, SplitEvent
from tradebot.core.model.ledger_rows import Booking
from tradebot.ledger.database import AccountLedger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples

DAYS = [date(2007, 1, 3) + timedelta(days=number) for number in range(4)]


@pytest.fixture
def four_days(ledger: AccountLedger, some: Samples) -> AccountLedger:
    """A round trip, a dividend, a split and two equity points on each of four days."""
    for number, day in enumerate(DAYS):
        bought, sold = some.bought(f"B{number}"), some.sold(f"S{number}", opening=f"B{number}")
        (closure,), later = sold.closures, timedelta(days=number)
        trade = replace(
            closure, opened_at=closure.opened_at + later, closed_at=closure.closed_at + later, exit_session=day
        )
        dividend = CashEvent(f"V{number}", CashKind.DIVIDEND, Decimal("0.08"), some.at, day, "AAPL")
        split = SplitEvent(f"X{number}", "MSFT", Decimal(2), Decimal(1), Decimal(2), some.at, day)
        ledger.books.book(
            [
                bought,
                replace(sold, activity=replace(some.fill(f"S{number}"), session=day), closures=(trade,)),
                Booking(dividend, "trend", None),
                Booking(split, "foreign", "MSFT"),
            ],
            some.at,
        )
        ledger.books.store_equity(some.equity("1", day), [])
        ledger.books.store_equity(some.equity("2", day, minutes=5), [])
    return ledger


BOUNDS = [
    (None, None, [0, 1, 2, 3]),
    (DAYS[1], None, [1, 2, 3]),
    (None, DAYS[1], [0, 1]),
    (DAYS[1], DAYS[2], [1, 2]),
    (DAYS[2], DAYS[1], []),
]


@pytest.mark.parametrize(("first", "last", "expected"), BOUNDS)
def test_history_within_bounds(
    four_days: AccountLedger, first: date | None, last: date | None, expected: list[int]
) -> None:
    records = four_days.history
    days = [DAYS[number] for number in expected]
    assert [trade.exit_session for trade in records.closures(first, last)] == days
    assert [fill.session for fill in records.fills(first, last) if fill.fill_id.startswith("S")] == days
    assert [event.session for event in records.cash_events(first, last)] == days
    assert [event.session for event in records.splits(first, last)] == days
    points = records.closing_equity(first, last)
    assert [(point.session, point.equity) for point in points] == [(day, Decimal(2)) for day in days]


@pytest.mark.parametrize("kept", [None, 2, 0])
def test_the_figures_of_a_period_count_more_trades_than_are_listed(four_days: AccountLedger, kept: int | None) -> None:
    found = four_days.history.period_trades(DAYS[0], DAYS[2], kept, 1)
    trades = four_days.history.trades(DAYS[0], DAYS[2])
    assert found.figures.totals == totals(trades)
    assert found.figures.totals.trades == 3
    assert found.newest == trades[len(trades) - (len(trades) if kept is None else kept) :]
    assert [len(each) for each in (found.best, found.worst)] == [1, 0]
    assert four_days.history.totals().trades == 4


def test_the_newest_fills_are_told_in_their_order(four_days: AccountLedger) -> None:
    everything = four_days.history.fills(DAYS[1], None)
    assert four_days.history.newest_fills(DAYS[1], None, None) == everything
    assert four_days.history.newest_fills(DAYS[1], None, 2) == everything[-2:]
