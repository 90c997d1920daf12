"""A live session beside its backtest: which cause each difference has, by the figures of both."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tradebot.core.model.exits import ExitKind
from tradebot.core.model.orders import OrderState
from tradebot.core.model.plan import DenialCode
from tradebot.core.model.signals import Action
from tradebot.core.results.compare_sessions import compare
from tradebot.core.results.diff_outcome import Cause, Compared
from tradebot.core.results.session_facts import (
    SaleOrder,
    SentEntry,
    SessionDetails,
    SessionFacts,
    Shares,
    Sold,
    Variant,
    average_price,
)

D = Decimal
KEY = ("trend", "AAPL")
TEN = Shares(D(10), D(50))
STOPPED = Sold(D(10), D(47), ExitKind.STOP)
LEFT = Sold(D(10), D(50), ExitKind.SIGNAL)
BARS = {"opens": {"AAPL": D(50)}, "lows": {"AAPL": D(46)}, "highs": {"AAPL": D(52)}}
FILLED = SentEntry(D(10), D(10), D(50), D(50), OrderState.FILLED, "")
AT_STOP = SaleOrder(is_ours=True, level=D(47), planned_level=D(47), decided_at=None)
AT_MARKET = SaleOrder(is_ours=True, level=None, planned_level=None, decided_at=D("50.6"))


def entered(shares: Shares | None = TEN, **more: Any) -> SessionFacts:
    """A session in which a symbol is entered."""
    bought = {} if shares is None else {KEY: shares}
    return SessionFacts(**{"signals": {KEY: Action.ENTER}, "entries": {KEY: TEN}, "bought": bought, **more})


def sold(sale: Sold | None) -> SessionFacts:
    return SessionFacts(sold={} if sale is None else {KEY: sale})


def causes(live: SessionFacts, backtest: SessionFacts, *variants: Variant, **details: Any) -> list[object]:
    lines = compare(live, backtest, variants, SessionDetails(**{**BARS, **details}))
    assert all(line.why for line in lines if line.cause)
    return [(line.compared, line.cause) for line in lines if line.cause]


def test_what_agrees_has_no_cause() -> None:
    same = replace(entered(), sold={KEY: STOPPED}, stops={KEY: D(47)}, denials={("trend", "IBM"): frozenset()})
    lines = compare(same, same, (), SessionDetails())
    assert [line.compared for line in lines] == list(Compared)[1:2] + [Compared.PLAN] * 2 + list(Compared)[3:]
    assert {line.cause for line in lines} == {None}
    assert average_price([(D(1), D(10)), (D(2), D(11))]) == Shares(D(3), D("10.666667"))


def test_the_input_whose_replacement_removes_a_difference_is_its_cause() -> None:
    denied = frozenset({DenialCode.HALTED})
    live = SessionFacts(signals={KEY: Action.ENTER}, denials={KEY: denied})
    by_price = Variant(Cause.PRICE, "at 09:35", entered(Shares(D(9), D(55)), entries={KEY: Shares(D(9), D(55))}))
    by_halt = Variant(Cause.HALT, "halted", live)
    both = [(Compared.PLAN, Cause.HALT), (Compared.FILL, Cause.HALT)]
    assert causes(live, entered(), by_price, by_halt) == both
    unexplained = [(Compared.PLAN, Cause.UNEXPLAINED), (Compared.FILL, Cause.UNEXPLAINED)]
    assert causes(live, entered(), by_price) == unexplained
    no_signal = SessionFacts()
    revised = Variant(Cause.DATA_REVISED, "AAPL", SessionFacts())
    all_three = [(each, Cause.DATA_REVISED) for each in (Compared.SIGNAL, Compared.PLAN, Compared.FILL)]
    assert causes(no_signal, entered(), revised) == all_three


def test_a_run_that_was_missed_is_the_cause_of_what_it_would_have_done() -> None:
    backtest = replace(entered(), sold={("trend", "IBM"): LEFT, ("trend", "MSFT"): STOPPED})
    live = SessionFacts(sold={("trend", "MSFT"): STOPPED})
    found = compare(live, backtest, (), SessionDetails(no_run="no run-daily"))
    assert [(line.compared, line.symbol) for line in found if line.cause is Cause.MISSED_RUN] == [
        (Compared.RUN, ""),
        (Compared.SIGNAL, "AAPL"),
        (Compared.PLAN, "AAPL"),
        (Compared.FILL, "AAPL"),
        (Compared.EXIT, "IBM"),
    ]
    assert [line.symbol for line in found if line.cause is None] == ["MSFT"]


@pytest.mark.parametrize(
    ("bought", "sent", "details", "expected"),
    [
        (Shares(D(10), D("50.3")), {"sent_at": D("50.3")}, {}, Cause.PRICE),
        (Shares(D(10), D("50.3")), {"sent_at": D("50.1")}, {}, Cause.SLIPPAGE),
        (Shares(D(4), D(50)), {"filled": D(4), "state": OrderState.EXPIRED}, {}, Cause.PARTIAL_FILL),
        (None, {"filled": D(0), "state": OrderState.EXPIRED}, {}, Cause.PARTIAL_FILL),
        (None, {"filled": D(0), "state": OrderState.REJECTED}, {}, Cause.BROKER),
        (None, {"filled": D(0), "state": OrderState.UNKNOWN}, {}, Cause.BROKER),
        (None, {"filled": D(0), "state": OrderState.PLANNED, "sent_at": None}, {}, Cause.BROKER),
        (None, {"filled": D(0), "state": OrderState.PLANNED, "sent_at": None}, {"halted": "3 %"}, Cause.HALT),
    ],
)
def test_a_fill_tells_its_cause_by_its_order(
    bought: Shares | None, sent: dict[str, Any], details: dict[str, Any], expected: Cause
) -> None:
    order = replace(FILLED, **sent)
    assert causes(entered(bought), entered(), entries={KEY: order}, **details) == [(Compared.FILL, expected)]


def test_a_backtest_that_fills_less_is_a_partial_fill_too() -> None:
    found = causes(entered(), entered(Shares(D(3), D(50))), entries={KEY: FILLED})
    assert found == [(Compared.FILL, Cause.PARTIAL_FILL)]


@pytest.mark.parametrize(
    ("ours", "theirs", "details", "expected"),
    [
        (replace(STOPPED, price=D("46.9")), STOPPED, {"sales": {KEY: AT_STOP}}, Cause.SLIPPAGE),
        (replace(LEFT, price=D("50.6")), LEFT, {"sales": {KEY: AT_MARKET}}, Cause.PRICE),
        (replace(LEFT, price=D("50.6")), LEFT, {"sales": {KEY: replace(AT_MARKET, decided_at=D(50))}}, Cause.SLIPPAGE),
        (replace(LEFT, quantity=D(8)), LEFT, {"sales": {KEY: AT_MARKET}}, Cause.UNEXPLAINED),
        (STOPPED, LEFT, {"sales": {KEY: AT_STOP}}, Cause.PRICE),
        (STOPPED, None, {"sales": {KEY: replace(AT_STOP, level=D(49))}}, Cause.BY_HAND),
        (STOPPED, None, {"sales": {KEY: replace(AT_STOP, is_ours=False)}}, Cause.BY_HAND),
        (replace(STOPPED, kind=ExitKind.OUTSIDE), None, {"sales": {KEY: AT_STOP}}, Cause.BY_HAND),
        (replace(STOPPED, kind=ExitKind.EMERGENCY_STOP), None, {}, Cause.HALT),
        (STOPPED, None, {"sales": {KEY: AT_STOP}}, Cause.UNEXPLAINED),  # the bar has that price
        (STOPPED, None, {"sales": {KEY: AT_STOP}, "lows": {"AAPL": D(48)}}, Cause.BROKER),
        (STOPPED, None, {"sales": {KEY: AT_STOP}, "trailed": frozenset({KEY})}, Cause.PRICE),
        (replace(STOPPED, kind=ExitKind.TRAILING_STOP), None, {"sales": {KEY: AT_MARKET}}, Cause.PRICE),
        (LEFT, None, {"sales": {KEY: AT_MARKET}}, Cause.UNEXPLAINED),
        (None, STOPPED, {}, Cause.BROKER),
        (None, STOPPED, {"moved_stops": {KEY: D(40)}}, Cause.BY_HAND),
        (None, STOPPED, {"bare": frozenset({KEY})}, Cause.BROKER),
        (None, STOPPED, {"entries": {KEY: FILLED}}, Cause.PRICE),
        (None, LEFT, {"denied_exits": {KEY: "NOT_TRADABLE"}}, Cause.BROKER),
        (None, LEFT, {}, Cause.UNEXPLAINED),
        (STOPPED, replace(STOPPED, price=D(46)), {}, Cause.UNEXPLAINED),
    ],
)
def test_a_sale_tells_its_cause_by_its_order(
    ours: Sold | None, theirs: Sold | None, details: dict[str, Any], expected: Cause
) -> None:
    assert causes(sold(ours), sold(theirs), **details) == [(Compared.EXIT, expected)]


def test_a_sale_of_fewer_shares_is_a_partial_fill_where_some_are_left() -> None:
    live = replace(sold(replace(LEFT, quantity=D(8))), stops={KEY: D(47)})
    assert causes(live, sold(LEFT), sales={KEY: AT_MARKET}) == [(Compared.EXIT, Cause.PARTIAL_FILL)]


def test_a_sale_of_what_only_one_side_bought_has_the_cause_of_that() -> None:
    live = entered(None)
    backtest = replace(entered(), sold={KEY: STOPPED})
    order = replace(FILLED, filled=D(0), state=OrderState.REJECTED)
    found = causes(live, backtest, entries={KEY: order})
    assert found == [(Compared.FILL, Cause.BROKER), (Compared.EXIT, Cause.BROKER)]


@pytest.mark.parametrize(
    ("details", "variants", "expected"),
    [
        ({"moved_stops": {KEY: D(48)}}, (), Cause.BY_HAND),
        ({"bare_at_close": frozenset({KEY})}, (), Cause.BROKER),
        ({"trailed": frozenset({KEY})}, (), Cause.PRICE),
        ({}, (Variant(Cause.PRICE, "at 09:35", SessionFacts(stops={KEY: D(47)})),), Cause.PRICE),
        ({"no_run": "no run-daily"}, (), Cause.MISSED_RUN),
        ({}, (), Cause.UNEXPLAINED),
    ],
)
def test_a_stop_tells_its_cause(details: dict[str, Any], variants: tuple[Variant, ...], expected: Cause) -> None:
    live, backtest = SessionFacts(stops={KEY: D(47)}), SessionFacts(stops={KEY: D(46)})
    found = causes(live, backtest, *variants, **details)
    assert found[-1] == (Compared.STOP, expected)
