"""The page of a review."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from tests.reports.builders import TOTALS, Plain
from tests.reports.conftest import Place
from tradebot.core.results.period_lines import JobCount, LimitLine
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.report_periods import Period
from tradebot.core.results.review import review_of
from tradebot.reports.pages.review import review_page
from tradebot.reports.statistics import statistics

D = Decimal


def page_of(outcome: ReportOutcome, place: Place, plain: Plain) -> str:
    return plain(review_page(outcome, place, review_of(outcome), statistics(outcome)))


def test_a_quiet_week_says_so_in_each_section(
    report_of: Callable[..., ReportOutcome], place: Place, plain: Plain
) -> None:
    text = page_of(report_of("101000", "100500", period=Period.WEEK), place, plain)
    for words in (
        "weekly review", "What went wrong\n  nothing", "Limits approached\n  not recorded",
        "Slippage and cost, USD\n  nothing was traded", "Halts and drills\n  no halt, no drill",
        "Look at\n  nothing stands out", "Questions to answer\n  1. ", "  7. ",
    ):  # fmt: skip
        assert words in text
    assert "Statistics" not in text


def test_a_year_assesses_itself_by_its_statistics(
    report_of: Callable[..., ReportOutcome], place: Place, plain: Plain
) -> None:
    near = LimitLine("MAX_POSITIONS", D(9), D(10), D("0.9"), date(2007, 1, 3))
    far = replace(near, setting="MAX_DAILY_TRADES", share=D("0.1"))
    told = replace(
        report_of("101000", "100500", period=Period.YEAR),
        totals=TOTALS,
        jobs=(JobCount("run-daily", "failed", 1),),
        limits_used=(near, far),
    )
    text = page_of(told, place, plain)
    for words in ("yearly self-assessment", "Statistics", "run-daily failed 1 time", "MAX_POSITIONS", "  9. "):
        assert words in text
    assert "MAX_DAILY_TRADES" not in text
    assert "none of 1 limit was used to 80% or more, save those" in page_of(
        replace(told, limits_used=(far,)), place, plain
    )
