"""The bars of cost and limits, against their figures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from tests.reports.charts.svg import drawn, named, texts
from tests.reports.conftest import Place
from tradebot.core.accounting.fill_sums import Execution, fill_sums
from tradebot.core.accounting.trading_cost import trading_cost
from tradebot.core.results.period_lines import LimitLine
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.reports.html_report.report import report_html
from tradebot.reports.html_report.trading_figures import trading_figures
from tradebot.reports.pages.trading_cost import COST, LIMITS

ReportOf = Callable[..., ReportOutcome]


def fill(strategy: str, hour: int, sign: int, planned: str | None) -> Execution:
    """100 shares at 10.00 with a commission of 1.00."""
    price = Decimal(10)
    return Execution(
        strategy, hour, sign, Decimal(100), price, Decimal(1), Decimal(planned) if planned else None, None, False
    )


def test_cost_is_slippage_and_commissions_by_strategy_and_hour(report_of: ReportOf) -> None:
    executions = (fill("<rsi2>", 9, 1, "9.90"), fill("<rsi2>", 15, -1, "9.85"), fill("trend", 9, 1, None))
    by_strategy, by_hour = trading_figures(report_of("1", cost=trading_cost(fill_sums(executions))), str)[COST]
    chart = drawn(by_strategy.chart)
    assert texts(chart, "legend") == ["<rsi2>", "-3.00", "trend", "1.00"]
    assert [(bar.get("x"), bar.get("width")) for bar in named(chart, "bar")] == [("0%", "75%"), ("75%", "25%")]
    assert "not recorded" in by_strategy.caption
    assert texts(drawn(by_hour.chart), "legend") == ["09:00", "12.00", "15:00", "-14.00"]


def test_the_use_of_limits_is_drawn_against_the_setting_then(report_of: ReportOf) -> None:
    day = date(2007, 1, 3)
    lines = (
        LimitLine("MAX_POSITIONS", Decimal(9), Decimal(8), Decimal("1.125"), day),
        LimitLine("MAX_DRAWDOWN", Decimal("0.05"), Decimal("0.2"), Decimal("0.25"), day),
    )
    (figure,) = trading_figures(report_of("1", limits_used=lines, sessions_without_limits=3), str)[LIMITS]
    chart = drawn(figure.chart)
    assert texts(chart, "legend") == ["MAX_POSITIONS", "112.5%", "MAX_DRAWDOWN", "25.0%"]
    assert [(bar.get("width"), bar.get("class")) for bar in named(chart, "bar")] == [
        ("100%", "bar bad"), ("22.222%", "bar"),
    ]  # fmt: skip
    assert {mark.get("x1") for mark in named(chart, "limit")} == {"88.889%"}


def test_what_is_not_recorded_has_no_chart(report_of: ReportOf) -> None:
    one = trading_cost(fill_sums([fill("trend", 9, 1, "9.90")]))
    for report in (report_of("1"), report_of("1", cost=trading_cost(fill_sums(()))), report_of("1", cost=one)):
        assert not any(trading_figures(report, str).values())


def test_names_are_masked_before_they_are_drawn(report_of: ReportOf) -> None:
    cost = trading_cost(fill_sums([fill("private", 9, 1, "9.90"), fill("other", 9, 1, "9.90")]))
    (figure,) = trading_figures(report_of("1", cost=cost), lambda text: "***")[COST]
    assert "private" not in figure.chart


def test_the_charts_begin_the_sections_that_have_their_numbers(report_of: ReportOf) -> None:
    cost = trading_cost(fill_sums([fill("trend", 9, 1, "9.90"), fill("rsi2", 15, 1, "9.90")]))
    line = LimitLine("MAX_POSITIONS", Decimal(4), Decimal(8), Decimal("0.5"), date(2007, 1, 3))
    page = report_html(report_of("1", cost=cost, limits_used=(line,)), Place(), (), str)
    for title, key in ((COST, "cost-by-strategy"), (LIMITS, "limits")):
        section = page.partition(f"<h2>{title}</h2>")[2].partition("</section>")[0]
        assert 0 < section.index(f'id="{key}"') < section.index("<table>")
