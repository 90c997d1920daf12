"""The HTML report of a backtest as text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from tests.reports.conftest import Place
from tests.reports.html_report.conftest import SCRIPT, backtest_of
from tradebot.core.results.backtest_outcome import BacktestOutcome
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.reports.html_report.backtest import backtest_document, backtest_html
from tradebot.reports.html_report.document import Document
from tradebot.reports.layout import Tone
from tradebot.reports.statistics import by_key, statistics

Years = Callable[[date, date], ReportOutcome]


def document(outcome: BacktestOutcome) -> Document:
    return backtest_document(outcome, Place(), by_key(statistics(outcome.report)), str)


def test_what_keeps_it_from_being_believed_stands_first(years: Years) -> None:
    outcome = backtest_of(years(date(2007, 1, 3), date(2007, 3, 30)))
    shown = document(outcome)
    assert shown.title.startswith("Backtest, 2007-01-03 to 2007-03-30")
    assert shown.warnings[-3:] == (
        "Stopped after 60 of 61 sessions.",
        f"{SCRIPT} does not keep its promises.",
        "This data was tried 12 times: deflated Sharpe ratio 0.42 (below 0.95, it may be luck).",
    )
    name, cell = shown.highlights[-1]
    assert (name, cell.text, cell.tone) == ("deflated Sharpe ratio", "0.42", Tone.WARN)
    assert [section.title for section in shown.sections[:3]] == ["What it rests on", "Luck", "Halts on the way"]
    text = backtest_html(outcome, Place(), statistics(outcome.report), str)
    for said in (
        "4 of 4 symbols survive to the end",
        "swing with stop 0.05, short true",
        "warm-up: differs",
        "1 line of trials.jsonl cannot be read",
    ):
        assert said in text


def test_a_result_that_is_more_than_luck_and_limits_that_changed_nothing_are_no_warning(years: Years) -> None:
    outcome = backtest_of(years(date(2007, 1, 3), date(2007, 3, 30)))
    assert outcome.luck is not None
    sure = replace(outcome, sessions=61, verdicts=(), without_limit=outcome.without_limit[1:2],
                   luck=replace(outcome.luck, deflated_sharpe=0.97))  # fmt: skip
    shown = document(sure)
    assert not [text for text in shown.warnings if "tried" in text or "Stopped" in text or "promises" in text]
    assert shown.highlights[-1][1].tone is Tone.PLAIN
    (limits,) = (section for section in shown.sections if section.title == "Without each limit, USD")
    assert len(limits.blocks) == 1, "a table, and no chart"
    assert document(replace(sure, luck=None)).highlights[-1][0] != "deflated Sharpe ratio"
