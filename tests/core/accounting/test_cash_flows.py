"""Money counts in the session whose equity shows it first, whatever date the broker gave it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from tests.core.builders import NOW, D, cash
from tradebot.core.accounting.cash_flows import flows_by_session
from tradebot.core.model.account import CashKind
from tradebot.core.model.ledger_rows import EquityPoint

MONDAY = date(2007, 1, 8)
POINTS = [EquityPoint(MONDAY + timedelta(day), NOW + timedelta(day), D(1), D(1), D(0), D(0), D(1)) for day in (0, 1, 4)]


def test_money_counts_in_the_first_equity_at_or_after_its_instant() -> None:
    second, minutes = timedelta(seconds=1), timedelta(minutes=5)
    moved = [
        (CashKind.DEPOSIT, "100", NOW - minutes),
        (CashKind.DEPOSIT, "10", NOW),
        (CashKind.WITHDRAWAL, "-3", NOW + second),  # after Monday's close, though on the same day
        (CashKind.DEPOSIT, "7", NOW + timedelta(days=2)),
        (CashKind.DIVIDEND, "1", NOW),  # is earned
        (CashKind.DEPOSIT, "9", NOW + timedelta(days=4, seconds=1)),  # no equity shows it yet
    ]
    events = [replace(cash(amount, kind), at=at, session=MONDAY) for kind, amount, at in moved]
    assert flows_by_session(POINTS, events) == {
        MONDAY: D(110),
        MONDAY + timedelta(1): D(-3),
        MONDAY + timedelta(4): D(7),
    }
    assert flows_by_session((), events) == {}
