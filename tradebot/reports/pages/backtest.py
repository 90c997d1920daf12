"""The page of a backtest: its figures, what the limits denied and cost, and how much it can say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import ceil, sqrt

from tradebot.core.accounting.equity_statistics import SESSIONS_A_YEAR
from tradebot.core.model.strategy_versions import ParamValue
from tradebot.core.model.values import plural
from tradebot.core.results.backtest_outcome import BacktestOutcome, Luck, Variant, Verdict
from tradebot.core.results.written_parameters import WrittenParameters
from tradebot.reports.formatting import signed_usd, usd
from tradebot.reports.layout import Cell, Line, Page, Tone, section, table
from tradebot.reports.pages import common, period
from tradebot.reports.pages.equity import equity
from tradebot.reports.pages.report import cash, denials, halts_met, statistics_table
from tradebot.reports.pages.written_parameters import written_parameters
from tradebot.reports.statistics import Figure

#: The title of what each limit costs.
WITHOUT_LIMIT = "Without each limit, USD"
#: The deflated Sharpe ratio from which a result is called more than luck.
SURE = 0.95
_ASSUMES = (
    "A market order fills at the open or the close, with slippage. A target fills when the price goes through it by a "
    "tick; where a bar holds stop and target, the stop comes first. Daily bars do not know the way between prices."
)


def backtest_page(
    outcome: BacktestOutcome, figures: Iterable[Figure], written: WrittenParameters | None = None
) -> Page:
    """The page of a backtest. ``written``: what --write wrote."""
    report = outcome.report
    speed = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in outcome.seconds.items())
    stopped: Page = ()
    if outcome.sessions < outcome.sessions_asked:
        stopped = (Line(f"stopped after {outcome.sessions} of {outcome.sessions_asked} sessions", Tone.WARN),)
    return (
        Line(report.headline, Tone.STRONG),
        *stopped,
        Line(speed, Tone.QUIET),
        *trust(outcome),
        *halts_met(outcome.halts_met),
        *equity(report),
        *common.totals(report.totals, unrealised=report.unrealised),
        *statistics_table(figures),
        *luck_figures(outcome.luck),
        *period.by_strategy(report),
        *period.by_symbol(report.by_symbol),
        *period.by_month(report),
        *period.best_and_worst(report),
        *period.turnover(report),
        *denials(report),
        *variants(outcome),
        *cash(report.cash_events),
        *written_parameters(written),
    )


def trust(outcome: BacktestOutcome) -> Page:
    """What a result rests on: the symbols that survive, the checks of the strategies, and what happened."""
    met = ", ".join(f"{name} {count}" for name, count in sorted(outcome.happened.items()) if count)
    return section(
        "What it rests on",
        survival(outcome.survivors, outcome.universe),
        *(line for each in outcome.verdicts for line in verdict(each)),
        *(Line(f"{name} with {_parameters(given)}", Tone.QUIET) for name, given in outcome.strategy_parameters.items()),
        *((Line(f"met on the way: {met}", Tone.QUIET),) if met else ()),
        Line(_ASSUMES, Tone.QUIET),
    )


def survival(survivors: int, universe: int) -> Line:
    """How many of the symbols survive: if all do, those that failed are not among them."""
    chosen = "this universe was chosen with today's knowledge" if survivors == universe else "the others ended before"
    tone = Tone.WARN if survivors == universe else Tone.PLAIN
    verb = "survives" if universe == 1 else "survive"
    return Line(f"{survivors} of {plural(universe, 'symbol')} {verb} to the end: {chosen}", tone)


def _parameters(given: Mapping[str, ParamValue]) -> str:
    shown = (f"{name} {str(value).lower() if isinstance(value, bool) else value}" for name, value in given.items())
    return ", ".join(shown) or "no parameters"


def luck_figures(luck: Luck | None) -> Page:
    """How far the result can be luck."""
    if luck is None:
        return ()
    return section(
        "Luck",
        Line(luck_line(luck), Tone.WARN if may_be_luck(luck) else Tone.PLAIN),
        *(_figures(luck)),
        *((Line(luck.trouble, Tone.WARN),) if luck.trouble else ()),
    )


def may_be_luck(luck: Luck) -> bool:
    """Whether the deflated Sharpe ratio does not tell the result from luck."""
    return luck.deflated_sharpe is None or luck.deflated_sharpe < SURE


def luck_line(luck: Luck) -> str:
    """How often the data was tried, and the deflated Sharpe ratio after it."""
    times = "once" if luck.trials == 1 else f"{luck.trials} times"
    return f"this data was tried {times}: {_deflated(luck)}"


def _deflated(luck: Luck) -> str:
    if luck.deflated_sharpe is None:
        return "too few sessions, or no result, to tell it from luck"
    said = f"below {SURE}, it may be luck" if may_be_luck(luck) else f"{SURE} or above, more than luck shows"
    return f"deflated Sharpe ratio {luck.deflated_sharpe:.2f} ({said})"


def _figures(luck: Luck) -> Iterator[Line]:
    if luck.sharpe is None or luck.luck_sharpe is None or luck.probabilistic_sharpe is None:
        return
    year = sqrt(SESSIONS_A_YEAR)
    yield Line(
        f"Sharpe ratio of a year {luck.sharpe * year:.2f}; luck alone would show {luck.luck_sharpe * year:.2f}; "
        f"the probability that the true one is above 0, were this the only trial: {luck.probabilistic_sharpe:.2f}",
        Tone.QUIET,
    )
    need = luck.minimum_track_record
    yield Line(
        "no length of record would tell it from luck at this ratio"
        if need is None
        else f"to tell it from luck it takes {plural(ceil(need), 'session')}; there are {luck.sessions}",
        Tone.QUIET,
    )


def verdict(found: Verdict) -> tuple[Line, ...]:
    """What the checks of a strategy found."""
    said = "keeps its promises" if found.passed else "does not keep its promises"
    return (
        Line(f"{found.strategy} {said}; {found.asked}", Tone.GOOD if found.passed else Tone.BAD),
        *(Line(fault, Tone.WARN, under=True) for fault in found.faults),
    )


def variants(outcome: BacktestOutcome) -> Page:
    """The same backtest with one thing changed."""
    touch = () if outcome.at_touch is None else (outcome.at_touch,)
    return (*_changed(WITHOUT_LIMIT, outcome.without_limit), *_changed("Where a touch fills, USD", touch))


def _changed(title: str, variants: Iterable[Variant]) -> Page:
    ranked = sorted(variants, key=lambda each: (-each.difference, each.name))
    rows = ((each.name, usd(each.equity), signed_usd(each.difference), Cell(str(each.fills))) for each in ranked)
    return section(title, *table("changed | >equity | >difference | >fills", rows))
