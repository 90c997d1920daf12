"""The cost of trading: slippage in its parts, what was paid, and what nobody recorded."""

from __future__ import annotations

from decimal import Decimal

from tradebot.core.accounting.fill_sums import Execution, fill_sums
from tradebot.core.accounting.trading_cost import trading_cost

D = Decimal
#: 100 shares: decided at 50, sent at 50.10, bought at 50.15.
BOUGHT = Execution("trend", 9, 1, D(100), D("50.15"), D(1), D(50), D("50.10"), rests=False)
#: 100 shares: a stop at 48 that filled at 47.90.
STOPPED = Execution("trend", 15, -1, D(100), D("47.90"), D(1), D(48), None, rests=True)
#: 50 shares of another strategy, sold better than decided, when nobody stored the price at sending.
SOLD = Execution("rsi2", 9, -1, D(50), D("20.10"), D("0.5"), D(20), None, rests=False)
FOREIGN = Execution("foreign", 12, 1, D(1), D(10), D(0), None, None, rests=False)


def test_slippage_is_delay_execution_and_what_resting_orders_lost() -> None:
    total = trading_cost(fill_sums([BOUGHT, STOPPED])).total
    assert (total.slippage, total.delay, total.execution, total.resting) == (D(25), D(10), D(5), D(10))
    assert total.slippage_bps == D("25.51")  # of 5,000 and 4,800 USD
    assert (total.fills, total.value, total.bought, total.commissions) == (2, D(9805), D(5015), D(2))
    assert (total.without_planned, total.without_sent) == (0, 0)


def test_a_fill_that_was_better_than_planned_has_negative_slippage() -> None:
    assert trading_cost(fill_sums([SOLD])).total.slippage == D(-5)


def test_what_was_not_recorded_is_none_and_counted() -> None:
    total = trading_cost(fill_sums([FOREIGN])).total
    assert (total.slippage, total.slippage_bps, total.delay, total.execution) == (None, None, None, None)
    assert (total.without_planned, total.without_sent) == (1, 1)
    assert trading_cost(fill_sums([SOLD])).total.delay is None
    assert trading_cost(fill_sums([])).total.slippage is None


def test_lines_are_by_strategy_hour_and_kind_of_order() -> None:
    cost = trading_cost(fill_sums([BOUGHT, STOPPED, SOLD, FOREIGN]))
    assert [(line.name, line.fills, line.slippage) for line in cost.by_strategy] == [
        ("foreign", 1, None),
        ("rsi2", 1, D(-5)),
        ("trend", 2, D(25)),
    ]
    assert [(line.name, line.fills) for line in cost.by_hour] == [("09", 2), ("12", 1), ("15", 1)]
    assert [(line.name, line.slippage) for line in cost.by_order] == [("resting", D(10)), ("sent", D(10))]
    assert cost.total.fills == 4
