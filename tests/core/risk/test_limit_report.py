"""What is said of limits before they are used, against what planning then does under them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import D, account, counters, limits_with, quote, signal, situation
from tradebot.core.model.limits import Limits
from tradebot.core.model.plan import Plan
from tradebot.core.model.signals import ExitPolicy
from tradebot.core.planning.entries import plan
from tradebot.core.risk.limit_report import limit_report

SYMBOLS = ("AA", "BB", "CC", "DD")


def test_the_usual_limits_on_a_usual_account() -> None:
    found = limit_report(limits_with(), D(100_000), SYMBOLS)
    assert (found.largest_order, found.bound_by) == (D(10_000), "MAX_ORDER_VALUE")
    assert found.loss_at_stops == 5_000  # 5% of portfolio risk
    assert found.loss_in_crash == 20_470  # all of the equity in ten positions, and 20.47% of it
    assert found.objections == ()
    assert [remark.split(",")[0] for remark in found.remarks] == [
        "if every stop is hit in one session",
        "on a day like the market's worst",
    ]


@pytest.mark.parametrize(
    ("limits", "equity", "words"),
    [
        (limits_with(min_order_value=D(10_001)), 100_000, "MAX_ORDER_VALUE allows orders of $10,000.00"),
        (limits_with(max_position_size_pct=D("0.01")), 9_000, "MAX_POSITION_SIZE_PCT allows orders of $90.00"),
        (limits_with(max_gross_exposure_pct=D("0.01")), 9_000, "MAX_GROSS_EXPOSURE_PCT allows orders of $90.00"),
        (limits_with(risk_per_trade_pct=D("0.0001")), 10_000, "RISK_PER_TRADE_PCT allows orders of $50.00"),
        (limits_with(max_portfolio_risk_pct=D("0.0001")), 10_000, "MAX_PORTFOLIO_RISK_PCT allows orders of $50.00"),
        (limits_with(), 0, "allows orders of $0.00"),
        (limits_with(probation_size_pct=D("0.0099")), 100_000, "nothing can trade on probation"),
        (limits_with(allow_symbols=frozenset({"ZZ"})), 100_000, "ALLOW_SYMBOLS and DENY_SYMBOLS leave none"),
        (limits_with(deny_symbols=frozenset(SYMBOLS)), 100_000, "ALLOW_SYMBOLS and DENY_SYMBOLS leave none"),
    ],
)
def test_limits_that_leave_nothing_to_trade_are_named(limits: Limits, equity: int, words: str) -> None:
    (objection,) = limit_report(limits, D(equity), SYMBOLS).objections
    assert words in objection


def percentage(most: int) -> st.SearchStrategy[Decimal]:
    return st.integers(1, most).map(lambda hundredths: D(hundredths) / 100)


ANY_LIMITS = st.builds(
    limits_with,
    max_positions=st.integers(1, 4),
    max_position_size_pct=percentage(60),
    max_portfolio_risk_pct=percentage(10),
    max_gross_exposure_pct=percentage(150),
    risk_per_trade_pct=percentage(5),
    default_stop_loss_pct=percentage(20),
    min_order_value=st.sampled_from([D(1), D(100), D(5_000)]),
    max_order_value=st.sampled_from([D(100), D(10_000), D(100_000)]),
    allow_symbols=st.sampled_from([(), ("AA",), ("ZZ",)]).map(frozenset),
    deny_symbols=st.sampled_from([(), ("AA", "BB"), SYMBOLS]).map(frozenset),
    probation_sessions=st.integers(0, 1),
    probation_size_pct=percentage(100),
)


def entries_under(limits: Limits, equity: Decimal, price: int, served: int) -> Plan:
    """What is planned when everything is wanted at whole dollars, so that default stops lie on whole cents."""
    signals = [signal(symbol, policy=ExitPolicy()) for symbol in SYMBOLS]
    return plan(
        situation(
            signals,
            limits=limits,
            account=account(str(equity), buying_power=D(10**9)),
            counters=counters("0", "0"),
            quotes={symbol: quote(symbol, str(price)) for symbol in SYMBOLS},
            average_volume=dict.fromkeys(SYMBOLS, D(10**12)),
            sessions_run={"trend": served},
        )
    )


@given(ANY_LIMITS, st.integers(0, 200_000).map(Decimal), st.integers(1, 300), st.integers(0, 1))
def test_no_plan_is_worth_more_or_loses_more_than_was_said(
    limits: Limits, equity: Decimal, price: int, served: int
) -> None:
    found = limit_report(limits, equity, SYMBOLS)
    entries = entries_under(limits, equity, price, served).entries
    values = [entry.request.quantity * entry.planned_price for entry in entries]
    lost = [entry.request.quantity * (entry.planned_price - (entry.request.stop_loss or 0)) for entry in entries]
    assert all(value <= found.largest_order for value in values)
    assert sum(lost) <= found.loss_at_stops
    assert sum(values) * D("0.2047") <= found.loss_in_crash
    if any(objection.startswith("nothing can trade:") for objection in found.objections):
        assert entries == ()
    if served < limits.probation_sessions and found.objections:
        assert entries == ()


@given(ANY_LIMITS, st.integers(1_000, 200_000).map(Decimal))
def test_without_an_objection_shares_that_are_cheap_enough_are_bought(limits: Limits, equity: Decimal) -> None:
    if not limit_report(limits, equity, SYMBOLS).objections:
        lasting = replace(limits, min_order_value=D(1))
        assert entries_under(lasting, equity, price=1, served=0).entries
