"""Fills are summed in groups that cost and bridge can both be made of."""

from __future__ import annotations

from tests.core.builders import D
from tradebot.core.accounting.fill_sums import Execution, fill_sums
from tradebot.core.accounting.trading_cost import trading_cost

#: 10 shares at 25: planned at 24.90, sent at 24.95.
BOUGHT = Execution("trend", 9, 1, D(10), D(25), D(1), D("24.90"), D("24.95"), rests=False, symbol="AAPL")


def test_fills_that_have_all_in_common_are_one_sum() -> None:
    (found,) = fill_sums(iter([BOUGHT, BOUGHT._replace(price=D(26), planned_price=None)]))
    assert (found.fills, found.shares, found.value, found.commissions) == (2, D(20), D(510), D(2))
    assert (found.planned, found.planned_value, found.beyond_planned) == (1, D(249), D(1))
    assert (found.sent, found.delay, found.execution) == (1, D("0.5"), D("0.5"))


def test_each_side_symbol_and_stretch_of_time_has_its_own_sum() -> None:
    others = [BOUGHT._replace(sign=-1), BOUGHT._replace(symbol="MSFT"), BOUGHT._replace(stretch=2)]
    assert [(each.sign, each.symbol, each.stretch) for each in fill_sums([BOUGHT, *others])] == [
        (1, "AAPL", 1),
        (-1, "AAPL", 1),
        (1, "MSFT", 1),
        (1, "AAPL", 2),
    ]


def test_the_cost_of_a_period_leaves_out_what_only_the_bridge_needs() -> None:
    later = BOUGHT._replace(in_period=False, stretch=2)
    assert trading_cost(fill_sums([BOUGHT, later])) == trading_cost(fill_sums([BOUGHT]))
