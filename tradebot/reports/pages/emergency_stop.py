"""The pages of emergency-stop and of its drill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.values import plural
from tradebot.core.results.stop_outcome import StopLine, StopResult
from tradebot.reports.formatting import shares, usd
from tradebot.reports.layout import Cell, Facts, Heading, Line, Page, Tone, section, table
from tradebot.reports.pages import common

if TYPE_CHECKING:
    from tradebot.core.results.stop_outcome import DrillOutcome, StopOutcome
    from tradebot.reports.run_header import RunHeader

_RESULT_TONES = {
    StopResult.STILL_OPEN: Tone.BAD,
    StopResult.BARE: Tone.BAD,
    StopResult.BY_HAND: Tone.BAD,
    StopResult.CANCELLED: Tone.GOOD,
    StopResult.CLOSED: Tone.GOOD,
}


def stop_page(outcome: StopOutcome, where: RunHeader) -> Page:
    """The result for each order and position, the totals in USD, and the orders and positions that remain."""
    is_dry = outcome.status is RunStatus.IDLE
    return (
        *common.headline(outcome),
        *section("Orders and positions", *_lines(outcome)),
        *section(
            "In all, if it were run" if is_dry else "In all",
            Facts(
                (
                    ("cancelled", f"{usd(outcome.cancelled_dollars)} USD"),
                    ("closed", f"{usd(outcome.closed_dollars)} USD"),
                    ("still open", "not known" if outcome.open_dollars is None else f"{usd(outcome.open_dollars)} USD"),
                )
            ),
            *(() if is_dry else _remaining(outcome)),
            *_foreign_remaining(outcome),
        ),
        *common.halts(outcome.halts, where.home),
        *common.failures(outcome.failures),
        *common.notes(outcome.notes),
    )


def drill_page(outcome: DrillOutcome) -> Page:
    """The times of a drill in seconds, and the output of the stop that it rehearsed."""
    result = "passed" if outcome.passed else "failed: what follows is what a real stop would have left"
    return (
        Heading("emergency-stop --drill"),
        Line(f"The drill {result}.", Tone.GOOD if outcome.passed else Tone.BAD),
        Facts(
            (
                ("to the latch", _seconds(outcome.to_latch)),
                ("to the first cancel", _seconds(outcome.to_first_cancel)),
                ("to a flat account", _seconds(outcome.to_flat)),
            )
        ),
        *common.notes(outcome.notes),
        *section("What was rehearsed", *(Line(line) for line in outcome.told.splitlines() if line.strip())),
    )


def _lines(outcome: StopOutcome) -> Page:
    return table("what | symbol | >shares | >USD | result | ~detail", map(_row, outcome.lines))


def _row(line: StopLine) -> tuple[str | Cell, ...]:
    result = Cell(line.result, _RESULT_TONES.get(line.result, Tone.PLAIN))
    return line.what, line.symbol, shares(line.quantity), usd(line.dollars), result, line.detail


def _remaining(outcome: StopOutcome) -> tuple[Line, ...]:
    orders = f"{_count(outcome.still_open_orders, 'order')} of ours that could open or add"
    positions = f"{_count(outcome.still_open_positions, 'position')} of ours"
    is_clean = (outcome.still_open_orders, outcome.still_open_positions) == (0, 0)
    return (Line(f"Left at the broker: {orders}, {positions}", Tone.GOOD if is_clean else Tone.WARN),)


def _count(count: int | None, what: str) -> str:
    return f"an unknown number of {what}s" if count is None else plural(count, what)


def _foreign_remaining(outcome: StopOutcome) -> tuple[Line, ...]:
    """The number of foreign orders and positions. They stay untouched; the orders may still fill."""
    foreign = [line.what for line in outcome.lines if line.result is StopResult.FOREIGN]
    if not foreign:
        return ()
    counts = " and ".join(plural(foreign.count(what), what) for what in ("order", "position") if what in foreign)
    return (Line(f"{counts} not made by tradebot, left as found: an order of these may still fill", Tone.WARN),)


def _seconds(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.2f} s"
