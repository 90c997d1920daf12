"""Round trips are counted in all, by strategy, by symbol and by month alike."""

from __future__ import annotations

from datetime import date

from tests.core.builders import D
from tradebot.core.accounting.performance import totals
from tradebot.core.accounting.trade_figures import TradeResult, trade_figures

RESULTS = (
    TradeResult("trend", "AAPL", "2007-01-30", D(50), D(2)),
    TradeResult("trend", "MSFT", "2007-02-01", D(-20), D(2)),
    TradeResult("swing", "AAPL", "2007-02-02", D(0), D(1)),
)


def test_each_grouping_has_the_totals_of_its_trades() -> None:
    figures = trade_figures(iter(RESULTS))
    first, second, third = RESULTS
    assert figures.totals == totals(RESULTS)
    assert figures.by_strategy == {"swing": totals([third]), "trend": totals([first, second])}
    assert figures.by_symbol == {"AAPL": totals([first, third]), "MSFT": totals([second])}
    assert figures.by_month == {date(2007, 1, 1): totals([first]), date(2007, 2, 1): totals([second, third])}
    assert list(figures.by_strategy) == ["swing", "trend"]
