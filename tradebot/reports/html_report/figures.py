"""The charts of a report with their tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from statistics import fmean

from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.reports import daily_series
from tradebot.reports.charts.heat_map import HeatMap, heat_map
from tradebot.reports.charts.line_chart import LineChart, Series, line_chart
from tradebot.reports.formatting import percent_text, ratio, usd
from tradebot.reports.html_report.document import Figure
from tradebot.reports.layout import Cell, Table, Tone, columns
from tradebot.reports.statistics import MONTH_SESSIONS, Curve, daily_returns

#: Up to so many sessions a table has a row for each; beyond, one for each month.
_DAILY_ROWS = 45
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STRONGEST = 0.08  # a month's gain or loss that has the strongest colour
Values = Sequence[tuple[date, float | None]]


def figures(outcome: ReportOutcome) -> tuple[Figure, ...]:
    """The charts that the equity of a period allows: none with fewer than two sessions."""
    curve = Curve.of(outcome)
    if curve is None or len(curve.points) < 2:
        return ()
    steps = daily_returns(curve, outcome.cash_events, outcome.benchmark)
    drawdowns = daily_series.drawdowns(steps)
    months = daily_series.monthly_returns(steps)
    sharpe = daily_series.rolling_sharpe(steps)
    exposures = daily_series.exposures(curve.points)
    return (
        _equity(outcome, curve),
        *((_drawdown(drawdowns),) if drawdowns else ()),
        *((_months(months),) if len(months) > 1 else ()),
        *((_rolling_sharpe(sharpe),) if len(sharpe) > MONTH_SESSIONS else ()),
        _exposure(exposures),
    )


def _equity(outcome: ReportOutcome, curve: Curve) -> Figure:
    own = daily_series.equity(curve)
    index = daily_series.same_money_in_index(curve, outcome.cash_events, outcome.benchmark)
    series = [Series("the account", tuple((day, float(value)) for day, value in own))]
    if any(value is not None for _, value in index):
        series.append(Series("the same money in the S&P 500", index))
    first, last = own[0], own[-1]
    by_day = dict(index)
    description = (
        f"Closing equity from {usd(first[1])} USD on {first[0]} to {usd(last[1])} USD on {last[0]}; "
        f"lowest {usd(min(value for _, value in own))}, highest {usd(max(value for _, value in own))}."
    )
    caption = description
    if len(series) > 1:
        caption += (
            " The dashed line is what the same money, paid in and out on the same days, would be in the S&P 500: "
            "a price index, without dividends and without costs."
        )
    rows = ((name, usd(value), _dollars(by_day.get(day))) for name, day, value in _ends(own))
    return Figure(
        "Equity",
        line_chart(LineChart("equity", "Equity, USD", description, tuple(series))),
        caption,
        Table(columns("close of | >equity, USD | >S&P 500, USD"), tuple(rows)),
    )


def _drawdown(values: Sequence[tuple[date, float]]) -> Figure:
    day, deepest = min(values, key=lambda pair: pair[1])
    text = f"How far the account stood below its highest close so far. Deepest: {percent_text(deepest, 2)} on {day}."
    if len(values) <= _DAILY_ROWS:
        table = Table(columns("close of | >drawdown"), tuple((str(at), percent_text(value, 2)) for at, value in values))
    else:
        by_month = _by_period(values)
        rows = ((name, percent_text(min(month), 2), percent_text(month[-1], 2)) for name, month in by_month)
        table = Table(columns("month | >deepest | >at its end"), tuple(rows))
    return Figure(
        "Drawdown",
        line_chart(
            LineChart("drawdown", "Drawdown", text, (Series("drawdown", tuple(values)),), _percent_mark, filled=True)
        ),
        text,
        table,
    )


def _months(months: Sequence[daily_series.Month]) -> Figure:
    by_month = {(month.year, month.month): month.value for month in months}
    totals = daily_series.yearly_returns(months)
    grid = tuple(
        (str(year), (*(by_month.get((year, month)) for month in range(1, 13)), totals[year])) for year in totals
    )
    best, worst = max(months, key=lambda month: month.value), min(months, key=lambda month: month.value)
    text = (
        "The return of each month and year; a deposit or withdrawal is no return. "
        f"Best month: {_month_name(best)} with {percent_text(best.value, 2)}; "
        f"worst: {_month_name(worst)} with {percent_text(worst.value, 2)}."
    )
    names = (*_MONTHS, "Year")
    chart = HeatMap("months", "Returns by month", text, names, grid, _STRONGEST, _percent, _short_percent)
    rows = tuple((Cell(year), *map(_return_cell, values)) for year, values in grid)
    return Figure("Returns by month", heat_map(chart), text, Table(columns("year | >" + " | >".join(names)), rows))


def _rolling_sharpe(values: Values) -> Figure:
    text = (
        f"The Sharpe ratio of the last {daily_series.ROLLING_SESSIONS} sessions (half a year) at each close: mean over "
        "sample deviation of daily returns, times the root of 252, risk-free rate 0."
    )
    rows = ((name, ratio(period[-1])) for name, period in _by_period(values))
    return Figure(
        "Rolling Sharpe ratio",
        line_chart(LineChart("sharpe", "Rolling Sharpe ratio", text, (Series("Sharpe ratio", tuple(values)),))),
        text,
        Table(columns("close of | >Sharpe, last half year"), tuple(rows)),
    )


def _exposure(values: Values) -> Figure:
    known = [value for _, value in values if value is not None]
    text = (
        "The value of all positions, long and short, over the equity at each close. "
        f"Mean: {percent_text(fmean(known) if known else None)}; highest: {percent_text(max(known, default=None))}."
    )
    if len(values) <= _DAILY_ROWS:
        table = Table(columns("close of | >exposure"), tuple((str(at), percent_text(value)) for at, value in values))
    else:
        by_month = _by_period(values)
        rows = ((name, percent_text(fmean(month)), percent_text(max(month))) for name, month in by_month)
        table = Table(columns("month | >mean | >highest"), tuple(rows))
    chart = LineChart("exposure", "Exposure", text, (Series("exposure", tuple(values)),), _percent_mark, filled=True)
    return Figure("Exposure", line_chart(chart), text, table)


def _ends(values: Sequence[tuple[date, Decimal]]) -> list[tuple[str, date, Decimal]]:
    """The last value of each period with its name and date."""
    ends = {name: (name, day, value) for day, value in values for name in (_period(day, len(values)),)}
    return list(ends.values())


def _by_period(values: Values) -> list[tuple[str, list[float]]]:
    """The name of each period with its values; a period without a value is left out."""
    periods: dict[str, list[float]] = {}
    for day, value in values:
        if value is not None:
            periods.setdefault(_period(day, len(values)), []).append(value)
    return list(periods.items())


def _period(day: date, sessions: int) -> str:
    """The period of a table's row: the day itself where there are few, else its month."""
    return day.isoformat() if sessions <= _DAILY_ROWS else f"{day:%Y-%m}"


def _dollars(value: float | None) -> str:
    return usd(None if value is None else Decimal(repr(value)))


def _return_cell(value: float | None) -> Cell:
    if value is None:
        return Cell("")
    return Cell(percent_text(value, 2), Tone.PLAIN if value >= 0 else Tone.BAD)


def _month_name(month: daily_series.Month) -> str:
    return f"{_MONTHS[month.month - 1]} {month.year}"


def _percent(value: float) -> str:
    return f"{value * 100:.1f}%".replace("-0.0%", "0.0%")


def _short_percent(value: float) -> str:
    return f"{value * 100:.0f}".replace("-0", "0") if abs(value) < 0.005 else f"{value * 100:.0f}"


def _percent_mark(value: float) -> str:
    return f"{round(value * 100, 6):g}%"
