"""The pages of status, halt and resume: the account, its schedule, halts and use of limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.halts import Halt, HaltLevel
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import DAY, Job
from tradebot.core.results.outcomes import Outcome
from tradebot.core.safety.schedule_status import JobStatus, SessionJob
from tradebot.reports.formatting import NOTHING, day, instant, percent_text, shares, usd
from tradebot.reports.layout import Block, Cell, Facts, Heading, Line, Page, Tone, lines, section, table
from tradebot.reports.pages import common
from tradebot.reports.run_header import RunHeader

if TYPE_CHECKING:
    from tradebot.core.results.status_outcome import StatusOutcome

_LEVELS = {
    HaltLevel.RUNNING: (Tone.GOOD, "RUNNING: entries and exits"),
    HaltLevel.REDUCING: (Tone.WARN, "REDUCING: exits only"),
    HaltLevel.HALTED: (Tone.BAD, "HALTED: only cancels, closes and protective stops are sent"),
}
_RUN_TONES = {RunStatus.FAILED: Tone.BAD, RunStatus.BLOCKED: Tone.WARN, RunStatus.RUNNING: Tone.WARN}

#: The emphasis of the status of a job.
JOB_TONES = {
    JobStatus.RAN: Tone.GOOD,
    JobStatus.DUE: Tone.QUIET,
    JobStatus.IDLE: Tone.QUIET,
    JobStatus.OVERDUE: Tone.WARN,
    JobStatus.LATE: Tone.WARN,
    JobStatus.BLOCKED: Tone.WARN,
    JobStatus.FAILED: Tone.BAD,
    JobStatus.MISSED: Tone.STRONG,  # as is normal where a person starts the jobs; what needs him stands above
}


def status_page(outcome: StatusOutcome, where: RunHeader, *, full: bool = False) -> Page:
    """What needs the operator, then the account, positions with stop and distance, and the jobs; ``full``: the rest."""
    tone, level = _LEVELS[outcome.level]
    heading, _, *code = common.headline(outcome)
    return (
        heading,
        *code,
        *((Line(f"The broker could not be asked: {outcome.trouble}", Tone.BAD),) if outcome.trouble else ()),
        Line(level, tone),
        *((Line(f"at work: {outcome.lock_holder}", Tone.WARN),) if outcome.lock_holder else ()),
        *_needs(outcome, where),
        Heading(outcome.headline),
        *((Line(f"as known at {instant(outcome.known_at)}", Tone.WARN),) if outcome.known_at else ()),
        *_cash(outcome),
        *common.positions_table(outcome.positions),
        *_at_stops(outcome),
        *(_full(outcome) if full else _jobs(outcome)),
    )


def _needs(outcome: StatusOutcome, where: RunHeader) -> Page:
    """The halts with the commands that end them, then what else needs the operator."""
    blocks: list[Block] = [*common.halt_lines(outcome.halts, where.home)]
    for need in outcome.needs:
        blocks += (Line(need.what, Tone.BAD if need.urgent else Tone.WARN), Line(need.do, Tone.QUIET, under=True))
    return section("Needs you", *blocks) or ((Line("nothing needs you", Tone.GOOD),) if not outcome.trouble else ())


def _cash(outcome: StatusOutcome) -> Page:
    """What the headline does not say of the account, USD."""
    if outcome.account is None:
        return ()
    return (Line(f"cash ${usd(outcome.account.cash)}, buying power ${usd(outcome.account.buying_power)}"),)


def _at_stops(outcome: StatusOutcome) -> Page:
    """What is lost if every stop fills at its price."""
    if outcome.if_all_stops_fill is None:
        return ()
    equity = outcome.account.equity if outcome.account else None
    return common.lost_at_stops(outcome.if_all_stops_fill, outcome.positions, equity, outcome.known_at)


def _jobs(outcome: StatusOutcome) -> Page:
    """The jobs of the newest session in a line, and where the rest is."""
    newest = max((cell.session for cell in outcome.schedule), default=None)
    cells = [cell for cell in outcome.schedule if cell.session == newest]
    said = ", ".join(f"{cell.job} {_job_cell(cell).text}" for cell in cells)
    return (*section(f"Jobs of {day(newest)}", *lines([said] if said else [])), Line("--full shows more", Tone.QUIET))


def _full(outcome: StatusOutcome) -> Page:
    return (
        Facts((("desk time", instant(outcome.now)), ("lock", outcome.lock_holder or "free"))),
        *_schedule(outcome),
        *_last_runs(outcome),
        *common.bare(outcome.bare),
        *common.breaks(outcome.breaks),
        *_limits(outcome),
        *common.account(outcome),
        *common.failures(outcome.failures),
        *common.notes(outcome.notes),
    )


def halt_page(halt: Halt, home: Path, not_told: str = "") -> Page:
    """The halt that was just set in a home, and how it ends. ``not_told``: why other hosts may not know of it."""
    return (
        Heading("halt"),
        *common.halts((halt,), home),
        *((Line(not_told, Tone.BAD),) if not_told else ()),
        *section(
            "Next",
            Line("Exits and stops go on; orders that rest at the broker stay: `tradebot emergency-stop` cancels them."),
        ),
    )


def resume_page(outcome: Outcome, where: RunHeader) -> Page:
    """The outcome of resume, and the halts that remain."""
    return (*common.headline(outcome), *common.halts(outcome.halts, where.home), *common.notes(outcome.notes))


def _schedule(outcome: StatusOutcome) -> Page:
    """A row for each of the last sessions: the status of each job and its start in New York time."""
    rows: dict[date, dict[Job, SessionJob]] = {}
    for cell in outcome.schedule:
        rows.setdefault(cell.session, {})[cell.job] = cell
    return section(
        "Schedule",
        *table(
            " | ".join(("session", *DAY)),
            ((day(session), *(_job_cell(cells.get(job)) for job in DAY)) for session, cells in rows.items()),
        ),
    )


def _job_cell(cell: SessionJob | None) -> Cell:
    if cell is None:
        return Cell(NOTHING, Tone.QUIET)
    start = f" {cell.at.astimezone(NEW_YORK):%H:%M}" if cell.at else ""
    return Cell(f"{cell.mark}{start}", JOB_TONES.get(cell.mark, Tone.PLAIN))


def _last_runs(outcome: StatusOutcome) -> Page:
    return section(
        "Last run of each job",
        *table(
            "job | session | at | ended | >code | ~summary",
            (
                (
                    str(run.job),
                    day(run.session),
                    instant(run.started_at).partition(" ")[2],
                    Cell(str(run.status), _RUN_TONES.get(run.status, Tone.GOOD)),
                    "-" if run.exit_code is None else str(run.exit_code),
                    run.summary,
                )
                for run in outcome.last_runs
            ),
        ),
    )


def _limits(outcome: StatusOutcome) -> Page:
    return section("Today against the limits", *table("limit | >today | >limit", _limit_rows(outcome)))


def _limit_rows(outcome: StatusOutcome) -> Iterator[tuple[str | Cell, ...]]:
    counters, limits, used = outcome.counters, outcome.limits, outcome.used
    if counters is None or limits is None or used is None:
        return
    yield _limit_row("entries sent", Decimal(counters.entries_sent), Decimal(limits.max_daily_trades), shares)
    yield _limit_row("positions", Decimal(used.positions), Decimal(limits.max_positions), shares)
    yield _limit_row("gross exposure, without gains", used.gross_exposure, limits.max_gross_exposure_pct, _percent)
    yield _limit_row("loss today", used.daily_loss.fraction, used.daily_loss.limit, _percent)
    yield _limit_row("fall from the peak", used.drawdown.fraction, used.drawdown.limit, _percent)


def _limit_row(name: str, used: Decimal, limit: Decimal, show: Callable[[Decimal], str]) -> tuple[str | Cell, ...]:
    return name, Cell(show(used), Tone.BAD if used >= limit else Tone.PLAIN), show(limit)


def _percent(fraction: Decimal) -> str:
    return percent_text(fraction, places=2)
