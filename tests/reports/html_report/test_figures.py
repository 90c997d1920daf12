"""The charts of a report, against its figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from tests.reports.charts.svg import drawn, named, points, texts
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.reports.charts.line_chart import UNITS
from tradebot.reports.formatting import percent_text, usd
from tradebot.reports.html_report.document import Figure
from tradebot.reports.html_report.figures import figures
from tradebot.reports.layout import Cell
from tradebot.reports.statistics import by_key, statistics

Years = Callable[[date, date], ReportOutcome]


@pytest.fixture(scope="module")
def report(years: Years) -> ReportOutcome:
    return years(date(2007, 1, 3), date(2009, 3, 31))


@pytest.fixture(scope="module")
def by_title(report: ReportOutcome) -> dict[str, Figure]:
    return {figure.title: figure for figure in figures(report)}


def text(value: str | Cell) -> str:
    return value if isinstance(value, str) else value.text


def rows_of(figure: Figure) -> tuple[tuple[str | Cell, ...], ...]:
    assert figure.table is not None
    return figure.table.rows


def line_of(figure: Figure, number: int = 1) -> list[tuple[float, float]]:
    """The points of a line as (day, value), its values read from the marks of the axis."""
    chart = drawn(figure.chart)
    marks = [mark for mark in named(chart, "mark") if mark.get("x") == "-8"]
    (low, bottom), (high, top) = (
        (_number(mark.text or ""), float(mark.get("y", ""))) for mark in (marks[0], marks[-1])
    )
    assert bottom > top
    (line,) = [each for each in named(chart, f"s{number}") if each.get("d")]
    (stretch,) = points(line)
    return [(day, high - (high - low) * y / UNITS) for day, y in stretch]


def _number(mark: str) -> float:
    for letter, size in (("M", 1e6), ("k", 1e3), ("%", 0.01)):
        if mark.endswith(letter):
            return float(mark[:-1]) * size
    return float(mark)


def test_every_chart_has_a_title_a_description_and_a_table(by_title: dict[str, Figure]) -> None:
    assert list(by_title) == ["Equity", "Drawdown", "Returns by month", "Rolling Sharpe ratio", "Exposure"]
    for figure in by_title.values():
        chart = drawn(figure.chart)
        assert chart.get("role") == "img"
        assert all((each.text or "").strip() for each in chart[:2])
        assert rows_of(figure)


def test_the_line_of_equity_is_the_equity(report: ReportOutcome, by_title: dict[str, Figure]) -> None:
    line = line_of(by_title["Equity"])
    first = report.equity[0].session
    assert [day for day, _ in line] == [(point.session - first).days for point in report.equity]
    span = max(value for _, value in line) - min(value for _, value in line)
    assert [value for _, value in line] == pytest.approx([float(p.equity) for p in report.equity], abs=span / 500)
    assert rows_of(by_title["Equity"])[0][:2] == (
        "2007-01", usd(next(p.equity for p in report.equity if p.session == date(2007, 1, 31))),
    )  # fmt: skip


def test_the_index_without_a_flow_gains_what_the_statistics_say(report: ReportOutcome) -> None:
    still = replace(report, cash_events=())
    line = line_of(figures(still)[0], 2)
    gain = by_key(statistics(still))["benchmark_return"].value
    assert gain is not None
    assert line[-1][1] / line[0][1] - 1 == pytest.approx(gain, abs=0.01)


def test_the_deepest_point_is_the_maximum_drawdown(report: ReportOutcome, by_title: dict[str, Figure]) -> None:
    deepest = by_key(statistics(report))["max_drawdown"].value
    assert deepest is not None
    assert min(value for _, value in line_of(by_title["Drawdown"])) == pytest.approx(deepest, abs=0.001)
    assert percent_text(deepest, 2) in by_title["Drawdown"].caption


def test_the_months_compound_to_the_total_return(report: ReportOutcome, by_title: dict[str, Figure]) -> None:
    cells = named(drawn(by_title["Returns by month"].chart), "cell")
    told = {
        cell[0].text.split(":")[0]: float(cell[0].text.split(": ")[1].rstrip("%")) for cell in cells if cell[0].text
    }
    assert len(told) == 27 + 3
    total = 1.0
    for name, value in told.items():
        total *= 1 + value / 100 if "Year" in name else 1
    expected = by_key(statistics(report))["total_return"].value
    assert expected is not None
    assert total - 1 == pytest.approx(expected, abs=0.003)
    rows = rows_of(by_title["Returns by month"])
    assert [text(value) for value in rows[-1]][4:13] == [""] * 9, "the months after the last are empty"


def test_exposure_and_rolling_sharpe_are_drawn_by_session(report: ReportOutcome, by_title: dict[str, Figure]) -> None:
    exposure = by_key(statistics(report))["exposure"].value
    line = [value for _, value in line_of(by_title["Exposure"])]
    assert sum(line) / len(line) == pytest.approx(exposure, abs=0.001)
    assert len(line_of(by_title["Rolling Sharpe ratio"])) == len(report.equity) - 125


def test_a_short_period_has_a_row_for_each_session(report: ReportOutcome) -> None:
    few = replace(report, equity=report.equity[:20])
    made = {figure.title: figure for figure in figures(few)}
    assert list(made) == ["Equity", "Drawdown", "Exposure"], "a month has neither a half year nor other months"
    assert {len(rows_of(figure)) for figure in made.values()} == {20}
    assert [row[0] for row in rows_of(made["Equity"])] == [point.session.isoformat() for point in few.equity]


def test_without_an_index_the_account_stands_alone(report: ReportOutcome) -> None:
    equity = figures(replace(report, benchmark={}))[0]
    assert "S&P 500:" not in equity.caption
    assert texts(drawn(equity.chart), "legend") == []
    assert {text(row[2]) for row in rows_of(equity)} == {"-"}


def test_equity_that_stands_still_is_drawn(report_of: Callable[..., ReportOutcome]) -> None:
    still = figures(report_of(*["100000"] * 3))
    assert {round(value) for _, value in line_of(still[0])} == {100_000}
