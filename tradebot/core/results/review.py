"""The weekly review and the yearly self-assessment: what of a period needs a look, and the questions to answer.

Yearly self-assessment of automated trading is the practice of Commission Delegated Regulation (EU) 2017/589, Article 9.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.model.values import CENT, ZERO, dollars, percent, plural
from tradebot.core.results.period_lines import LimitLine
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.report_periods import Period

#: The share of a limit from which it counts as approached.
APPROACHED = Decimal("0.8")
#: The limits that orders are sized to: they are used up by design, and count only where they were exceeded.
SIZED_TO = frozenset({"MAX_ORDER_VALUE", "MAX_POSITION_SIZE_PCT", "MAX_ORDER_ADV_PCT", "RISK_PER_TRADE_PCT"})
#: The seconds without a live stop, all times added, from which a review says so. An exit takes a few.
LONG_BARE = 60

_WEEK = (
    "Does every halt, failed job and break have a cause that you know, and is it mended?",
    "Were fills as planned, and if not, why?",
    "Which limit was close, and is it the limit or the strategy that should change?",
    "Which denial was a surprise?",
    "Is each position still wanted, with the stop that it has?",
    "Do the broker's statement and this page show the same equity, cash and positions?",
    "What comes next week: holidays, half days, splits, earnings, keys that expire?",
)
_YEAR = (
    "Is each strategy still the one that was tested? What changed in it, when and why?",
    "Did each strategy earn more than buy and hold after its cost, and was the risk worth it?",
    "Do the limits still fit the equity? Who changed them, when and why?",
    "Was the emergency stop drilled, a backup restored, and an alert received on each channel?",
    "What broke this year, and what keeps it from happening again?",
    "Who can reach the machine, the keys and the account? Should each of them?",
    "Can somebody else stop it when you are away, and have they tried?",
    "Are taxes prepared (`tradebot export --tax`), other accounts and wash sales included?",
    "At which loss will you stop a strategy, and where is that written down?",
)


@dataclass(frozen=True, slots=True)
class Review:
    """A review of a period that a report is about."""

    look_at: tuple[str, ...]  # what needs a look, each in a sentence with its figures
    questions: tuple[str, ...]  # to be answered by a person


def review_of(outcome: ReportOutcome) -> Review:
    """The review of a week or a year."""
    return Review(tuple(_look_at(outcome)), _YEAR if outcome.period is Period.YEAR else _WEEK)


def approached(outcome: ReportOutcome) -> tuple[LimitLine, ...]:
    """The limits that were used to APPROACHED or more; of those that orders are sized to, the exceeded ones."""
    return tuple(
        line
        for line in outcome.limits_used
        if line.share > 1 or (line.share >= APPROACHED and line.setting not in SIZED_TO)
    )


def _look_at(outcome: ReportOutcome) -> Iterator[str]:
    yield from _what_broke(outcome)
    for line in approached(outcome):
        yield f"{line.setting} was used to {percent(line.share)} on {line.session}"
    if outcome.sessions_without_limits:
        yield f"the use of limits is not recorded for {plural(outcome.sessions_without_limits, 'session')}"
    yield from _money(outcome)
    yield from _drills(outcome)


def _what_broke(outcome: ReportOutcome) -> Iterator[str]:
    for halt in outcome.halts_in_period:
        yield f"{halt.subject} was {halt.level} by {halt.rule.replace('_', ' ')}: {halt.reason}"
    yield from _what_went_wrong(outcome)
    seconds = sum((line.seconds for line in outcome.bare), ZERO)
    lasting = [line.symbol for line in outcome.bare if line.ended_at is None]
    if seconds >= LONG_BARE:
        yield f"shares had no live stop for {seconds:,.0f} seconds in all"
    if lasting:
        yield f"{', '.join(dict.fromkeys(lasting))} had no live stop at the end"


def _what_went_wrong(outcome: ReportOutcome) -> Iterator[str]:
    """How much of it there is: the page's own section of that name has the particulars."""
    times = sum(job.times for job in outcome.jobs if job.status in ("failed", "missed", "blocked"))
    if times:
        yield f"{plural(times, 'run')} failed or did not come: see What went wrong"
    if outcome.breaks_in_period:
        differences = plural(len(outcome.breaks_in_period), "difference")
        yield f"{differences} between ledger and broker: see What went wrong"


def _money(outcome: ReportOutcome) -> Iterator[str]:
    bridge = outcome.bridge
    if bridge is not None and bridge.not_explained:
        yield f"{dollars(bridge.not_explained)} of the change in equity are not explained"
    for strategy, totals in outcome.by_strategy.items():
        if totals.pnl < 0:
            yield f"{strategy} lost {dollars(-totals.pnl)} in {plural(totals.trades, 'round trip')}"
    cost = outcome.cost.total if outcome.cost else None
    if cost is None or not cost.fills:
        return
    spent = cost.commissions + (cost.slippage or ZERO)
    gross = bridge.gained + spent if bridge is not None else ZERO
    if gross > 0 and spent * 4 > gross:
        took = f"slippage and commissions took {dollars(spent.quantize(CENT))}, {percent(spent / gross)}"
        yield f"{took} of the gain of {dollars(gross.quantize(CENT))} before them"
    if cost.without_sent or cost.without_planned:
        missing = max(cost.without_sent, cost.without_planned)
        yield f"slippage leaves out {plural(missing, 'fill')}, whose prices are not recorded"


def _drills(outcome: ReportOutcome) -> Iterator[str]:
    if any(not drill.passed for drill in outcome.drills):
        yield "a drill of the emergency stop failed"
    if outcome.period is Period.YEAR and not any(drill.passed for drill in outcome.drills):
        yield "no drill of the emergency stop passed: `tradebot emergency-stop --drill`"
