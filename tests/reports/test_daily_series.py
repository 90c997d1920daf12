"""What a report draws, against another way of computing it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import empyrical
import pandas as pd
import pytest

from tests.reports.conftest import NOON, SESSION
from tradebot.core.model.account import CashEvent, CashKind
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.reports import daily_series
from tradebot.reports.statistics import Curve, Step, daily_returns

STEPS = tuple(Step(SESSION + timedelta(days=number), 0.002 * ((number * 37) % 11 - 5), None) for number in range(400))


def returns() -> pd.Series[float]:
    return pd.Series([step.account for step in STEPS], pd.DatetimeIndex([step.session for step in STEPS]))


def test_monthly_and_yearly_returns_are_those_of_empyrical() -> None:
    months = daily_series.monthly_returns(STEPS)
    expected = empyrical.aggregate_returns(returns(), "monthly")
    assert {(month.year, month.month): pytest.approx(month.value) for month in months} == expected.to_dict()
    yearly = empyrical.aggregate_returns(returns(), "yearly").to_dict()
    assert daily_series.yearly_returns(months) == pytest.approx(yearly)


def test_a_report_has_the_return_of_each_of_its_months(report_of: Callable[..., ReportOutcome]) -> None:
    report = report_of("101000", "102010", "100000")
    assert daily_series.returns_by_month(report) == {SESSION.replace(day=1): pytest.approx(0.0)}
    assert daily_series.returns_by_month(report_of()) == {}


def test_the_rolling_sharpe_ratio_is_that_of_empyrical() -> None:
    rolled = daily_series.rolling_sharpe(STEPS)
    expected = empyrical.roll_sharpe_ratio(returns(), window=daily_series.ROLLING_SESSIONS)
    assert [day for day, _ in rolled] == [stamp.date() for stamp in expected.index]
    assert [value for _, value in rolled] == pytest.approx(list(expected))
    assert daily_series.rolling_sharpe(STEPS[: daily_series.ROLLING_SESSIONS - 1]) == ()


def test_a_drawdown_is_measured_from_the_highest_close() -> None:
    curve = (1 + returns()).cumprod()
    expected = curve / curve.cummax().clip(lower=1) - 1
    assert [value for _, value in daily_series.drawdowns(STEPS)] == pytest.approx(list(expected))


def test_the_same_money_in_the_index_is_paid_in_and_out_as_the_accounts(
    report_of: Callable[..., ReportOutcome],
) -> None:
    day = [SESSION + timedelta(days=number) for number in range(5)]
    closes = {day[0]: 1000.0, day[1]: 1100.0, day[3]: 1210.0, day[4]: 605.0}
    deposit = CashEvent("C1", CashKind.DEPOSIT, Decimal(1000), NOON + timedelta(days=3), day[3])
    fee = CashEvent("C2", CashKind.FEE, Decimal(-50), NOON, day[1])
    report = report_of("100000", "100500", "100600", "101800", "102000", cash_events=(deposit, fee))
    curve = Curve.of(report)
    assert curve is not None
    series = daily_series.same_money_in_index(curve, report.cash_events, closes)
    assert [session for session, _ in series] == day
    assert [value for _, value in series] == [
        100_000, pytest.approx(110_000), None, pytest.approx(111_000 * 1.1), pytest.approx(55_500 * 1.1),
    ]  # fmt: skip
    assert daily_series.equity(curve)[3] == (day[3], Decimal(101_800))
    assert len(daily_returns(curve, report.cash_events, closes)) == 5


def test_the_base_begins_the_lines_where_its_session_is_known(report_of: Callable[..., ReportOutcome]) -> None:
    report = report_of("100000", "101000")
    curve = Curve.of(replace(report, first=SESSION + timedelta(days=1)))
    assert curve is not None
    assert daily_series.equity(curve) == (
        (SESSION, Decimal(100_000)), (SESSION + timedelta(days=1), Decimal(101_000)),
    )  # fmt: skip
    closes = {SESSION: 50.0, SESSION + timedelta(days=1): 55.0}
    day, worth = daily_series.same_money_in_index(curve, (), closes)[-1]
    assert (day, round(worth or 0, 6)) == (date(2007, 1, 4), 110_000)


def test_exposure_counts_longs_and_shorts(report_of: Callable[..., ReportOutcome]) -> None:
    (point,) = report_of("100000").equity
    points = (
        replace(point, long_value=Decimal(30_000), short_value=Decimal(-20_000)), replace(point, equity=Decimal(0)),
    )  # fmt: skip
    assert daily_series.exposures(points) == ((SESSION, 0.5), (SESSION, None))
