"""The opening: what it books, what it covers, and how it reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tradebot.core.model.account import CASH, CashEvent, CashKind, Position
from tradebot.core.model.opening import Opening
from tradebot.core.model.values import ZERO

AT = datetime(2008, 1, 7, 14, 35, tzinfo=UTC)
DAY = date(2008, 1, 7)
OPENING = Opening(
    session=DAY,
    at=AT,
    equity=Decimal("43095.73"),
    cash=Decimal("39095.73"),
    positions=(Position("BAC", Decimal(100), Decimal("31.5"), Decimal(40)),),
    orders=(),
    cursor="A-7",
    known=("A-6", "A-7"),
)


def paid(event_id: str, at: datetime) -> CashEvent:
    return CashEvent(event_id, CashKind.DEPOSIT, Decimal(5), at, DAY)


def test_it_reads_as_one_line() -> None:
    assert OPENING.text() == "opening statement of 2008-01-07: cash 39,095.73, 1 foreign position"
    resting = replace(OPENING, positions=(), orders=("sell 5 BAC stop 30 (mine)", "buy 1 IBM (other)"))
    assert resting.text() == "opening statement of 2008-01-07: cash 39,095.73, 2 foreign orders"


def test_positions_are_booked_at_the_brokers_cost_and_the_cash_apart() -> None:
    shares, cash = OPENING.adjustments()
    assert (shares.symbol, shares.quantity, shares.price) == ("BAC", Decimal(100), Decimal("31.5"))
    assert (cash.symbol, cash.quantity, cash.price, shares.amount) == (CASH, ZERO, ZERO, ZERO)
    assert cash.amount == Decimal("39095.73")
    assert {shares.adjustment_id, cash.adjustment_id} == {"OPENING-BAC", "OPENING-CASH"}
    assert {(each.at, each.session) for each in (shares, cash)} == {(AT, DAY)}


def test_it_covers_what_happened_before_and_what_was_told_by_then() -> None:
    assert OPENING.covers(paid("A-99", AT - timedelta(minutes=2)))
    assert not OPENING.covers(paid("A-99", AT - timedelta(seconds=5))), "the two clocks are not one"
    assert not OPENING.covers(paid("A-99", AT))
    assert OPENING.covers(paid("A-7", AT + timedelta(hours=9)))  # a row of a date only counts at the end of its day
