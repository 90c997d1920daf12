"""Breaks: how soon a person has to look, what they lock, and what they come to in dollars."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.core.builders import intent
from tradebot.core.model.breaks import Break, BreakKind, BreakSeverity, difference_severity, lone_cash, unexplained
from tradebot.core.model.orders import OrderState

D = Decimal


def found(kind: BreakKind, severity: BreakSeverity = BreakSeverity.WARNING, dollars: str = "0") -> Break:
    return Break(kind, "AAPL", D(0), D(10), "10 shares too many", severity=severity, dollars=D(dollars))


@pytest.mark.parametrize(("dollars", "severity"), [("999.99", "warning"), ("1000", "critical"), ("-1000", "critical")])
def test_from_a_thousand_dollars_on_it_is_critical(dollars: str, severity: str) -> None:
    assert difference_severity(D(dollars)) is BreakSeverity(severity)


def test_what_concerns_no_shares_or_orders_locks_no_symbol() -> None:
    free = {kind for kind in BreakKind if not found(kind).locks_symbol}
    assert free == {BreakKind.PRICE, BreakKind.CASH, BreakKind.UNPROTECTED}


def test_only_what_is_more_than_information_ends_a_job_with_the_code_for_breaks() -> None:
    matters = {severity for severity in BreakSeverity if found(BreakKind.QUANTITY, severity).matters}
    assert matters == {BreakSeverity.WARNING, BreakSeverity.CRITICAL}


def test_orders_and_missing_stops_have_moved_no_money() -> None:
    breaks = [found(kind, dollars="100") for kind in BreakKind]
    still = {BreakKind.UNKNOWN_ORDER, BreakKind.UNKNOWN_OUTCOME, BreakKind.UNPROTECTED, BreakKind.IDENTITY}
    assert unexplained(breaks) == 100 * (len(BreakKind) - len(still))
    assert unexplained(each for each in breaks if each.kind in still) == 0


@pytest.mark.parametrize(
    ("cash", "others", "locks"),
    [
        ("500", [], True),
        ("0.02", [], True),
        ("5000", [found(BreakKind.MISSING_HERE, dollars="5000")], False),
        ("5500", [found(BreakKind.QUANTITY, dollars="2000"), found(BreakKind.SIDE, dollars="3000")], False),
        ("5500.01", [found(BreakKind.QUANTITY, dollars="5000")], True),
        ("500", [found(BreakKind.UNPROTECTED, dollars="5000"), found(BreakKind.UNKNOWN_ORDER, dollars="5000")], True),
    ],
)
def test_cash_that_no_shares_were_traded_for_stands_alone(cash: str, others: list[Break], locks: bool) -> None:
    missing = found(BreakKind.CASH, dollars=cash)
    assert lone_cash([*others, missing]) == (missing if locks else None)
    assert lone_cash(others) is None


def test_cash_that_an_order_in_doubt_may_have_cost_does_not_stand_alone() -> None:
    missing = found(BreakKind.CASH, dollars="5000")
    bought = intent(state=OrderState.UNKNOWN, filled_quantity=D(100))  # 100 shares planned at 50
    assert lone_cash([missing], [bought]) is None
    assert lone_cash([missing], [replace(bought, state=OrderState.FILLED)]) == missing
