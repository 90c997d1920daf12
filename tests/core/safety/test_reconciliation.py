from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.core.builders import D, holding, intent, lot, order, position, stop
from tradebot.core.model.breaks import Break, BreakKind, BreakSeverity
from tradebot.core.model.holdings import FOREIGN
from tradebot.core.model.orders import OrderState, Purpose, Side
from tradebot.core.safety.reconciliation import find_breaks
from tradebot.core.safety.stop_coverage import GapKind, find_gaps

#: The broker's id of `order()`.
ALL = frozenset({order().broker_order_id})


def breaks(**given: Any) -> tuple[Break, ...]:
    agreed: dict[str, Any] = {
        "lots": (lot(),),
        "positions": (position(),),
        "unsettled": (),
        "open_orders": (stop(),),
        "undecided": frozenset(),
        "gaps": (),
        "cash_here": D(1000),
        "cash_there": D(1000),
    }
    return find_breaks(**{**agreed, **given})


def told(**given: Any) -> list[tuple[str, str, int, int]]:
    return [(found.kind.value, found.symbol, int(found.here), int(found.there)) for found in breaks(**given)]


def test_two_sides_that_agree_have_no_break() -> None:
    assert breaks() == ()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"positions": (position(quantity="90"),)}, ("quantity", "AAPL", 100, 90)),
        ({"positions": (position(quantity="-100"),)}, ("side", "AAPL", 100, -100)),
        ({"positions": ()}, ("missing_there", "AAPL", 100, 0)),
        ({"lots": ()}, ("missing_here", "AAPL", 0, 100)),
        ({"lots": (lot(), lot("f1", "5"))}, ("quantity", "AAPL", 105, 100)),
    ],
)
def test_shares_are_compared_both_ways(given: dict[str, Any], expected: tuple[str, str, int, int]) -> None:
    assert told(**given) == [expected]


def test_the_union_of_symbols_is_walked_in_order() -> None:
    found = told(lots=(lot(), lot("f1", symbol="IBM")), positions=(position(), position("ZZZ")))
    assert [(kind, symbol) for kind, symbol, _, _ in found] == [("missing_there", "IBM"), ("missing_here", "ZZZ")]


def test_foreign_lots_explain_foreign_positions() -> None:
    assert breaks(lots=(lot(), lot("f1", "7", strategy=FOREIGN)), positions=(position(quantity="107"),)) == ()


def test_an_open_order_with_an_id_of_ours_that_the_ledger_did_not_decide_is_a_break() -> None:
    other = order("KO", Side.SELL, "30", filled_quantity=D(10))
    undecided = frozenset({other.broker_order_id})
    assert told(open_orders=(stop(), other), undecided=undecided) == [("unknown_order", "KO", 0, -20)]
    assert told(open_orders=(stop(), other)) == [], "somebody else sent it"
    over = replace(other, state=OrderState.FILLED)
    assert told(open_orders=(stop(), over), undecided=undecided) == []


@pytest.mark.parametrize("state", [OrderState.UNKNOWN, OrderState.SUBMITTING])
def test_an_outcome_that_nobody_saw_is_a_break(state: OrderState) -> None:
    lost = (intent("IBM", "30", state=state), intent("KO", "20", Purpose.EXIT, state=state))
    assert told(unsettled=lost) == [("unknown_outcome", "IBM", 30, 0), ("unknown_outcome", "KO", -20, 0)]


@pytest.mark.parametrize("state", [OrderState.PLANNED, OrderState.ACCEPTED, OrderState.PARTIALLY_FILLED])
def test_an_order_whose_state_is_known_is_none(state: OrderState) -> None:
    assert breaks(unsettled=(intent(state=state),)) == ()


def test_a_gap_in_the_protection_is_a_break_that_locks_nothing() -> None:
    (found,) = breaks(gaps=find_gaps((holding(),), (position(),), (stop(quantity="60"),), {}))
    assert (found.kind, found.here, found.there) == (BreakKind.UNPROTECTED, D(100), D(60))
    assert "$2,000.00" in found.message
    assert not found.locks_symbol


def test_a_stop_that_is_too_large_for_shares_that_differ_is_one_break_of_the_shares() -> None:
    gaps = find_gaps((holding(),), (position(quantity="60"),), (stop(),), {})
    assert [gap.kind for gap in gaps] == [GapKind.TOO_LARGE]
    assert [found.kind for found in breaks(positions=(position(quantity="60"),), gaps=gaps)] == [BreakKind.QUANTITY]
    assert [found.kind for found in breaks(gaps=gaps)] == [BreakKind.UNPROTECTED]


@pytest.mark.parametrize(("there", "broken"), [("1000.01", False), ("999.99", False), ("1000.02", True), ("0", True)])
def test_cash_is_compared_to_the_cent(there: str, broken: bool) -> None:
    found = breaks(cash_there=D(there))
    assert [each.kind for each in found] == ([BreakKind.CASH] if broken else [])
    assert not any(each.locks_symbol for each in found)


def test_cash_that_the_ledger_cannot_explain_yet_is_not_compared() -> None:
    assert breaks(cash_here=None, cash_there=D(5)) == ()


def test_a_break_in_shares_locks_its_symbol() -> None:
    assert all(found.locks_symbol for found in breaks(positions=(), unsettled=(intent(state=OrderState.UNKNOWN),)))


# --- average prices ----------------------------------------------------------------------


def test_an_average_price_that_is_another_is_told_and_neither_locks_nor_matters() -> None:
    (found,) = breaks(positions=(position(price="51"),))
    assert (found.kind, found.here, found.there, found.severity) == (BreakKind.PRICE, D(50), D(51), BreakSeverity.INFO)
    assert not found.locks_symbol
    assert not found.matters


@pytest.mark.parametrize(("there", "broken"), [("50.01", False), ("49.99", False), ("50.011", True), ("49.98", True)])
def test_a_tick_of_an_average_price_is_rounding(there: str, broken: bool) -> None:
    assert bool(breaks(positions=(position(price=there),))) == broken


def test_a_broker_averages_over_shares_that_are_sold() -> None:
    """10 at 100 and 10 at 200 average to 150, and still do when 10 are sold; the lot that is left cost 200."""
    lots = (lot("f1", "10", "200", shown_price=D(150)),)
    assert breaks(lots=lots, positions=(position(quantity="10", price="150"),), open_orders=()) == ()
    assert breaks(lots=lots, positions=(position(quantity="10", price="200"),), open_orders=()) != ()


def test_a_price_is_not_compared_where_the_shares_differ() -> None:
    (found,) = breaks(positions=(position(quantity="90", price="51"),))
    assert found.kind is BreakKind.QUANTITY


# --- severity ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "severity"),
    [
        ({"positions": (position(quantity="99"),)}, BreakSeverity.WARNING),  # 50 dollars
        ({"positions": (position(quantity="80"),)}, BreakSeverity.CRITICAL),  # 1,000 dollars
        ({"positions": ()}, BreakSeverity.CRITICAL),
        (
            {"lots": (lot("f0", "1"),), "positions": (position(quantity="-1"),)},
            BreakSeverity.CRITICAL,
        ),  # whatever the sum
        ({"cash_there": D(1), "cash_here": D(2)}, BreakSeverity.WARNING),
        ({"cash_there": D(1), "cash_here": D(1001)}, BreakSeverity.CRITICAL),
        ({"gaps": find_gaps((holding(),), (position(),), (), {})}, BreakSeverity.CRITICAL),
        ({"gaps": find_gaps((holding(),), (position(),), (stop(quantity="90"),), {})}, BreakSeverity.WARNING),
        ({"unsettled": (intent(state=OrderState.UNKNOWN),)}, BreakSeverity.CRITICAL),
        (
            {"open_orders": (stop(), order()), "undecided": ALL},
            BreakSeverity.WARNING,
        ),  # a market order
        ({"open_orders": (stop(), order(limit_price=D(50))), "undecided": ALL}, BreakSeverity.CRITICAL),
        ({"open_orders": (stop(), order(quantity="0", notional=D(999))), "undecided": ALL}, BreakSeverity.WARNING),
        ({"open_orders": (stop(), order(quantity="0", notional=D(1000))), "undecided": ALL}, BreakSeverity.CRITICAL),
    ],
)
def test_how_much_a_break_matters_goes_by_dollars(given: dict[str, Any], severity: BreakSeverity) -> None:
    (found,) = breaks(**given)
    assert found.severity is severity
    assert found.matters
