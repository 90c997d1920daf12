"""The pages of report and replay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from tests.reports.builders import POSITION, TOTALS, Plain
from tests.reports.conftest import Place
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.report_outcome import ReplayOutcome, ReportOutcome
from tradebot.core.results.report_periods import Period
from tradebot.reports.pages.report import replay_page, report_page
from tradebot.reports.statistics import statistics


def test_a_report_holds_the_runbooks_figures(
    report_of: Callable[..., ReportOutcome], base: Outcome, place: Place, plain: Plain
) -> None:
    report = replace(
        report_of("101000", "100500"),
        totals=TOTALS,
        by_strategy={"rsi2": TOTALS},
        positions=(POSITION,),
        denial_counts={"HALTED": 1, "BUYING_POWER": 4},
        unprotected=Decimal(260),
    )
    text = plain(report_page(report, place, statistics(report)))
    for words in (
        "before                   100,000.00", "change                   +500.00",
        "win rate               66.7%", "profit factor          3.00", "total return", "sample deviation",
        "260.00 USD have no stop at the broker",
    ):  # fmt: skip
        assert words in text
    assert text.index("BUYING_POWER") < text.index("HALTED"), "the most frequent first"
    replayed = ReplayOutcome.of(base, sessions=20, jobs_run=100, seconds=4.0, report=report)
    text = plain(replay_page(replayed, place, statistics(report)))
    assert "in 4.0 s, 5.0 sessions a second" in text
    assert "win rate               66.7%" in text


def test_a_day_has_no_statistics(report_of: Callable[..., ReportOutcome], place: Place, plain: Plain) -> None:
    report = report_of("101000", period=Period.DAY)
    assert "Statistics" not in plain(report_page(report, place, statistics(report)))


def test_the_fees_are_those_of_closed_trades(
    report_of: Callable[..., ReportOutcome], place: Place, plain: Plain
) -> None:
    report = replace(report_of("101000"), totals=TOTALS)
    assert "fees of closed trades  4.50" in plain(report_page(report, place, ()))


def test_an_empty_report_says_so(report_of: Callable[..., ReportOutcome], place: Place, plain: Plain) -> None:
    text = plain(report_page(report_of(), place, ()))
    assert "no closing equity was recorded in this period" in text
