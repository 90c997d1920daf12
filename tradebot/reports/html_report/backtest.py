"""The HTML report of a backtest: that of a period, with how far the result can be believed before its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from tradebot.core.results.backtest_outcome import BacktestOutcome, Variant
from tradebot.reports.charts.bar_chart import Bar, BarChart, bar_chart
from tradebot.reports.formatting import ratio, signed_usd
from tradebot.reports.html_report.document import Document, html_text
from tradebot.reports.html_report.document import Figure as Chart
from tradebot.reports.html_report.masking import masker
from tradebot.reports.html_report.report import page_sections, report_document
from tradebot.reports.layout import Cell, Tone
from tradebot.reports.pages import backtest as page
from tradebot.reports.pages.report import halts_met
from tradebot.reports.run_header import RunHeader
from tradebot.reports.statistics import Figure, by_key

_COSTS = (
    "What the equity at the end would differ by, had the limit not limited. Below zero, the limit has saved money. "
    "Only limits that changed something are drawn."
)


def backtest_html(
    outcome: BacktestOutcome, where: RunHeader, statistics: Iterable[Figure], secrets: Callable[[str], str]
) -> str:
    """A backtest as the text of one HTML file, without paths of the machine or secrets.

    ``secrets`` masks the secrets of the settings in a text.
    """
    hide = masker(where, secrets)
    return html_text(backtest_document(outcome, where, by_key(statistics), hide), hide)


def backtest_document(
    outcome: BacktestOutcome, where: RunHeader, statistics: Mapping[str, Figure], hide: Callable[[str], str]
) -> Document:
    """The structure of a backtest's report. ``hide`` masks what must not be told in the names that are drawn."""
    report = report_document(outcome.report, where, statistics, hide)
    believed = (*page.trust(outcome), *page.luck_figures(outcome.luck), *halts_met(outcome.halts_met))
    costs = {page.WITHOUT_LIMIT: tuple(_costs(outcome.without_limit))}
    return replace(
        report,
        title=report.title.replace("Trading report", "Backtest", 1),
        subtitle="On past prices, by the functions that plan live sessions. Amounts are USD.",
        warnings=(*report.warnings, *_warnings(outcome)),
        highlights=(*report.highlights, *_luck(outcome)),
        sections=(
            *page_sections(believed, {}),
            *report.sections,
            *page_sections(page.variants(outcome), costs),
        ),
    )


def _warnings(outcome: BacktestOutcome) -> Iterator[str]:
    """What keeps the figures from being believed, each in a sentence."""
    if outcome.sessions < outcome.sessions_asked:
        yield f"Stopped after {outcome.sessions} of {outcome.sessions_asked} sessions."
    yield from (f"{each.strategy} does not keep its promises." for each in outcome.verdicts if not each.passed)
    if outcome.luck is not None and page.may_be_luck(outcome.luck):
        text = page.luck_line(outcome.luck)
        yield f"{text[0].upper()}{text[1:]}."


def _luck(outcome: BacktestOutcome) -> Iterator[tuple[str, Cell]]:
    luck = outcome.luck
    if luck is not None and luck.deflated_sharpe is not None:
        tone = Tone.WARN if page.may_be_luck(luck) else Tone.PLAIN
        yield "deflated Sharpe ratio", Cell(ratio(luck.deflated_sharpe), tone)


def _costs(variants: Iterable[Variant]) -> Iterator[Chart]:
    """A bar for each limit that changed the equity at the end."""
    changed = sorted((each for each in variants if each.difference), key=lambda each: (-each.difference, each.name))
    if changed:
        bars = tuple(
            Bar(each.name, float(each.difference), signed_usd(each.difference).text, is_bad=each.difference < 0)
            for each in changed
        )
        title = "What each limit costs"
        yield Chart(title, bar_chart(BarChart("limit-costs", title, _COSTS, bars)), _COSTS)
