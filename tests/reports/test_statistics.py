"""The statistics against their textbook formulas, worked out here with nothing but the standard library."""

from __future__ import annotations

import math
import statistics as textbook
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.reports.conftest import NOON, SESSION, point
from tradebot.core.model.account import CashEvent, CashKind
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.reports.statistics import YEAR_SESSIONS, by_key, statistics

ReportOf = Callable[..., ReportOutcome]

RETURNS = [0.01, -0.02, 0.015, 0.0, -0.005, 0.03, -0.01] * 3


def equities(returns: list[float], start: float = 100_000) -> list[str]:
    curve = []
    for step in returns:
        start *= 1 + step
        curve.append(f"{start:.8f}")
    return curve


def value(report: ReportOutcome, key: str) -> float | None:
    return by_key(statistics(report))[key].value


def a_year() -> list[float]:
    return [0.004 * math.sin(day) + 0.0005 for day in range(YEAR_SESSIONS)]


def test_the_figures_follow_their_formulas(report_of: ReportOf) -> None:
    report = report_of(*equities(RETURNS))
    mean, deviation = textbook.mean(RETURNS), textbook.stdev(RETURNS)
    downside = math.sqrt(sum(min(step, 0) ** 2 for step in RETURNS) / len(RETURNS))
    assert value(report, "total_return") == pytest.approx(math.prod(1 + step for step in RETURNS) - 1)
    assert value(report, "annual_volatility") == pytest.approx(deviation * math.sqrt(252))
    assert value(report, "sharpe") == pytest.approx(mean / deviation * math.sqrt(252))
    assert value(report, "sortino") == pytest.approx(mean * 252 / (downside * math.sqrt(252)))


def test_ratios_wait_for_a_month(report_of: ReportOf) -> None:
    for sessions, given in ((19, False), (20, True)):
        report = report_of(*equities(RETURNS[:sessions]))
        assert [value(report, key) is not None for key in ("sharpe", "sortino")] == [given, given]


def test_the_drawdown_is_the_deepest_fall_from_the_peak_so_far(report_of: ReportOf) -> None:
    report = report_of("110000", "99000", "120000", "90000", "118000")
    assert value(report, "max_drawdown") == pytest.approx(90 / 120 - 1)
    assert value(report_of("95000", "96000"), "max_drawdown") == pytest.approx(-0.05), "from the base, too"


def test_annual_figures_wait_for_a_year(report_of: ReportOf) -> None:
    year = a_year()
    index = [0.003 * math.cos(day) for day in range(YEAR_SESSIONS)]
    levels, level = {SESSION - timedelta(days=1): 1400.0}, 1400.0
    for day, step in enumerate(index):
        level *= 1 + step
        levels[SESSION + timedelta(days=day)] = level
    base = point(-1, "100000")
    report = report_of(*equities(year), benchmark=levels)
    report = report_of(*equities(year), benchmark=levels, equity=(base, *report.equity))
    total = math.prod(1 + step for step in year) - 1
    assert value(report, "cagr") == pytest.approx(total)
    drawdown = value(report, "max_drawdown")
    assert drawdown is not None
    assert value(report, "calmar") == pytest.approx(total / -drawdown)
    beta = textbook.covariance(year, index) / textbook.variance(index)
    alpha = (1 + textbook.mean(year) - beta * textbook.mean(index)) ** 252 - 1
    assert value(report, "beta") == pytest.approx(beta)
    assert value(report, "alpha") == pytest.approx(alpha)
    assert value(report, "benchmark_return") == pytest.approx(level / 1400 - 1)

    shorter = report_of(*equities(year[:-1]))
    assert [value(shorter, key) for key in ("cagr", "calmar", "alpha")] == [None, None, None]
    assert value(shorter, "sharpe") is not None


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("curve", [[], ["100000"], ["100000", "100000"], ["100000"] * 30, ["0", "0"], ["-5", "10"]])
def test_too_little_data_is_none_and_never_a_warning_or_nan(report_of: ReportOf, curve: list[str]) -> None:
    figures = statistics(report_of(*curve))
    assert all(figure.value is None or math.isfinite(figure.value) for figure in figures)
    assert [figure.value for figure in figures if figure.key in ("sharpe", "sortino", "cagr", "beta")] in (
        [], [None] * 4,
    )  # fmt: skip


def test_a_deposit_is_no_return(report_of: ReportOf) -> None:
    deposit = CashEvent("d1", CashKind.DEPOSIT, Decimal(50000), NOON + timedelta(days=1), SESSION)
    withdrawal = CashEvent("w1", CashKind.WITHDRAWAL, Decimal(-75500), NOON + timedelta(days=2), SESSION)
    report = report_of("101000", "151000", "76255", cash_events=(deposit, withdrawal))
    assert value(report, "total_return") == pytest.approx(1.01 * (151 / 151) * (76255 / 75500) - 1)
    assert value(report, "max_drawdown") == 0


def test_a_dividend_is_return(report_of: ReportOf) -> None:
    dividend = CashEvent("v1", CashKind.DIVIDEND, Decimal(1000), NOON, SESSION)
    assert value(report_of("101000", cash_events=(dividend,)), "total_return") == pytest.approx(0.01)


def test_an_account_that_is_opened_with_a_deposit_begins_with_it(report_of: ReportOf) -> None:
    deposit = CashEvent("d1", CashKind.DEPOSIT, Decimal(100000), NOON, SESSION)
    opened = (point(0, "101000", last="0"),)
    assert value(report_of(equity=opened, first=SESSION, cash_events=(deposit,)), "total_return") == pytest.approx(0.01)


def test_the_base_of_a_period_is_the_point_before_it(report_of: ReportOf) -> None:
    week = (point(-1, "200000"), point(0, "202000"))
    assert value(report_of(equity=week, first=SESSION), "total_return") == pytest.approx(0.01)


def test_exposure_is_measured_at_the_closes_of_the_period(report_of: ReportOf) -> None:
    curve = (point(-1, "100000", long="100000"), point(0, "100000", long="50000"), point(1, "100000"))
    report = report_of(equity=curve, first=SESSION)
    assert value(report, "exposure") == pytest.approx(0.25)
    assert value(report, "time_in_market") == pytest.approx(0.5)


def test_an_index_with_a_hole_gives_no_total(report_of: ReportOf) -> None:
    days = [SESSION + timedelta(days=day) for day in range(4)]
    whole: dict[date, float] = dict(zip(days, (100.0, 101.0, 102.0, 103.0), strict=True))
    holed = {day: level for day, level in whole.items() if day != days[2]}
    curve = ["100000", "100500", "100700", "100900"]
    assert value(report_of(*curve, benchmark=whole), "benchmark_return") == pytest.approx(0.03)
    assert value(report_of(*curve, benchmark=holed), "benchmark_return") is None
    assert value(report_of(*curve), "benchmark_return") is None


def test_every_figure_states_its_convention(report_of: ReportOf) -> None:
    figures = statistics(report_of(*equities(RETURNS)))
    assert len(by_key(figures)) == len(figures) == 13
    assert all(figure.label and figure.convention for figure in figures)
