"""The page of a backtest: its figures, what the limits denied and cost, and how much it can say."""

from __future__ import annotations

from collections.abc import Iterable

from tradebot.core.model.values import plural
from tradebot.core.results.backtest_outcome import BacktestOutcome, Variant, Verdict
from tradebot.reports.formatting import signed_usd, usd
from tradebot.reports.layout import Cell, Line, Page, Tone, section, table
from tradebot.reports.pages import common, period
from tradebot.reports.pages.equity import equity
from tradebot.reports.pages.report import cash, denials, halts_met, statistics_table
from tradebot.reports.statistics import Figure

_ASSUMES = (
    "A market order fills at the open or the close, with slippage. A target fills when the price goes through it by a "
    "tick; where a bar holds stop and target, the stop comes first. Daily bars do not know the way between prices."
)


def backtest_page(outcome: BacktestOutcome, figures: Iterable[Figure]) -> Page:
    """The page of a backtest."""
    report = outcome.report
    speed = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in outcome.seconds.items())
    stopped: Page = ()
    if outcome.sessions < outcome.sessions_asked:
        stopped = (Line(f"stopped after {outcome.sessions} of {outcome.sessions_asked} sessions", Tone.WARN),)
    return (
        Line(report.headline, Tone.STRONG),
        *stopped,
        Line(speed, Tone.QUIET),
        *_trust(outcome),
        *halts_met(outcome.halts_met),
        *equity(report),
        *common.totals(report.totals, unrealised=report.unrealised),
        *statistics_table(figures),
        *period.by_strategy(report),
        *period.by_symbol(report.by_symbol),
        *period.by_month(report),
        *period.best_and_worst(report),
        *period.turnover(report),
        *denials(report),
        *_variants("Without each limit, USD", outcome.without_limit),
        *_variants("Where a touch fills, USD", () if outcome.at_touch is None else (outcome.at_touch,)),
        *cash(report.cash_events),
    )


def _trust(outcome: BacktestOutcome) -> Page:
    alive, all_symbols = outcome.survivors, outcome.universe
    chosen = "this universe was chosen with today's knowledge" if alive == all_symbols else "the others ended before"
    tone = Tone.WARN if alive == all_symbols else Tone.PLAIN
    met = ", ".join(f"{name} {count}" for name, count in sorted(outcome.happened.items()) if count)
    return section(
        "What it rests on",
        Line(f"{alive} of {plural(all_symbols, 'symbol')} survive to the end: {chosen}", tone),
        *(line for verdict in outcome.verdicts for line in _verdict(verdict)),
        *((Line(f"met on the way: {met}", Tone.QUIET),) if met else ()),
        Line(_ASSUMES, Tone.QUIET),
    )


def _verdict(verdict: Verdict) -> tuple[Line, ...]:
    said = "keeps its promises" if verdict.passed else "does not keep its promises"
    return (
        Line(f"{verdict.strategy} {said}; {verdict.asked}", Tone.GOOD if verdict.passed else Tone.BAD),
        *(Line(fault, Tone.WARN, under=True) for fault in verdict.faults),
    )


def _variants(title: str, variants: Iterable[Variant]) -> Page:
    ranked = sorted(variants, key=lambda each: (-each.difference, each.name))
    rows = ((each.name, usd(each.equity), signed_usd(each.difference), Cell(str(each.fills))) for each in ranked)
    return section(title, *table("changed | >equity | >difference | >fills", rows))
