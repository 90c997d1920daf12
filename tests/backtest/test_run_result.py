"""What is kept of a walk: its curve and figures, those that its report has."""

from __future__ import annotations

import pickle
from array import array

import pytest

from tests.backtest.worlds import world
from tradebot.backtest.report import report_of
from tradebot.backtest.run_result import returns_of, run_result
from tradebot.reports.statistics import by_key, statistics


def test_the_figures_are_those_of_the_report() -> None:
    walk = world(3).walk()
    with pytest.raises(ValueError, match="nothing was walked"):
        run_result(walk)
    walk.run()
    run = run_result(walk)
    report = report_of(walk, {})
    told = by_key(statistics(report))
    names = ("total_return", "cagr", "annual_volatility", "sharpe", "max_drawdown", "calmar")
    assert [getattr(run.figures, name) for name in names] == pytest.approx([told[name].value for name in names])
    assert run.figures.mean_exposure == pytest.approx(told["exposure"].value)
    assert run.figures.sharpe and run.figures.cagr is None
    assert run.figures.equity == report.equity[-1].equity
    assert run.figures.fills == len(report.period_fills) > 10
    assert run.figures.denial_count == sum(report.denial_counts.values()) > 10
    assert len(run.curve) == run.figures.sessions + 1 == len(run.returns) + 1
    assert pickle.loads(pickle.dumps(run)) == run


def test_an_account_that_lost_everything_has_no_returns() -> None:
    assert list(returns_of([100.0, 110.0, 99.0])) == pytest.approx([0.1, -0.1])
    assert returns_of([100.0, 0.0, 5.0]) == array("d")
