"""The page of `diff`: what was live and in the backtest side by side, and what to do about each cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from tradebot.core.model.values import plural
from tradebot.core.results.diff_outcome import Cause, Compared, DiffLine, DiffOutcome
from tradebot.core.results.diff_run import DiffRun, fact_text, remedy
from tradebot.reports.formatting import NOTHING
from tradebot.reports.layout import Block, Cell, Heading, Line, Page, Tone, lines, section, table
from tradebot.reports.pages import common
from tradebot.reports.run_header import RunHeader

#: Causes that are worth a look; those of the others are in the nature of trading.
_TONES = {
    Cause.UNEXPLAINED: Tone.BAD,
    Cause.HALT: Tone.WARN,
    Cause.BROKER: Tone.WARN,
    Cause.BY_HAND: Tone.WARN,
    Cause.MISSED_RUN: Tone.WARN,
    Cause.DATA_REVISED: Tone.WARN,
    Cause.STRATEGY_CHANGED: Tone.WARN,
}


def diff_page(outcome: DiffRun, where: RunHeader, *, full: bool = False) -> Page:
    """The sessions with their differences; ``full``: with what agrees, too."""
    return (
        *common.headline(outcome),
        *(block for each in outcome.diffs for block in _session(each, full=full)),
        *common.failures(outcome.failures),
        *common.notes(outcome.notes),
    )


def _session(found: DiffOutcome, *, full: bool) -> Page:
    agree = [line for line in found.lines if line.cause is None]
    shown = found.lines if full else found.differences
    hidden = f"{plural(len(agree), 'line')} {'agrees' if len(agree) == 1 else 'agree'}; --full shows them"
    blocks: list[Block] = [Heading(_title(found))]
    if found.revised:
        blocks.append(Line(f"bars revised since: {', '.join(found.revised)}", Tone.WARN))
    blocks += _lines(shown)
    if agree and not full:
        blocks.append(Line(hidden, Tone.GOOD))
    return (*blocks, *lines(found.notes, Tone.QUIET), *_remedies(found.differences, found.session))


def _title(found: DiffOutcome) -> str:
    return f"{found.session}, decided on the close of {found.as_of}" if found.as_of else f"{found.session}"


def _lines(shown: Iterable[DiffLine]) -> Page:
    return table(
        "compared | symbol | ?strategy | ~live | ~backtest | cause | ~why",
        (
            (
                str(line.compared),
                line.symbol or NOTHING,
                line.strategy or NOTHING,
                fact_text(line.live),
                fact_text(line.backtest),
                _cause(line.cause),
                line.why or NOTHING,
            )
            for line in sorted(shown, key=_order)
        ),
    )


def _order(line: DiffLine) -> tuple[int, str, str]:
    return list(Compared).index(line.compared), line.symbol, line.strategy


def _cause(cause: Cause | None) -> Cell:
    return Cell("agrees", Tone.GOOD) if cause is None else Cell(cause.text, _TONES.get(cause, Tone.PLAIN))


def _remedies(differences: Sequence[DiffLine], session: date) -> Page:
    """What to do, a line for each cause; the symbol is that of its first difference."""
    first = {line.cause: line for line in reversed(differences) if line.cause is not None}
    said = (f"{cause.text}: {remedy(first[cause], session)}" for cause in Cause if cause in first)
    return section("What to do", *lines(said))
