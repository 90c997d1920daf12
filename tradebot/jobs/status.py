"""status: the account now. It only reads, and is fast, so that it can be run at any time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tradebot.core.model.breaks import pending_text
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource, level_of
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import dollars, plural
from tradebot.core.results.bare_lines import bare_lines
from tradebot.core.results.listings import Selection
from tradebot.core.results.needs import Closing, find_needs
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.position_lines import position_lines, total_at_stops
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.core.risk.circuit_breakers import limit_use
from tradebot.core.safety.schedule_status import JobStatus, ScheduleClock, SessionJob
from tradebot.core.safety.stop_coverage import closing_shares
from tradebot.core.safety.stop_losses import total_of
from tradebot.errors import ExitCode
from tradebot.jobs import positions
from tradebot.jobs.desk import Desk
from tradebot.jobs.ledger_desk import LedgerDesk
from tradebot.jobs.step_results import noted
from tradebot.jobs.steps import untradable
from tradebot.jobs.steps.bare_time import told_periods
from tradebot.jobs.steps.halts import current_halts
from tradebot.jobs.steps.live_account import LiveAccount, read_live


def run(desk: Desk, lock_holder: str) -> StatusOutcome:
    """Halts, the lock, the jobs of the newest sessions, positions, counters and limits."""
    return told(desk, read_live(desk, Job.STATUS), lock_holder)


def told(desk: Desk, live: LiveAccount, lock_holder: str) -> StatusOutcome:
    """The status of an account that was just read."""
    run, account, shown, open_orders = live.run, live.account, live.positions, live.open_orders
    found = untradable.find_untradable(desk, shown, open_orders)
    pending = desk.ledger.halts_and_breaks.pending()
    run.add(noted(*(pending_text(each) for each in pending)))
    untraded = tuple((str(each), each.remedy) for each in found)
    run.add(noted(*("; ".join(each) for each in untraded)))
    jobs = desk.job_schedule().session_jobs()
    others = (order for order in open_orders if desk.ownership.is_others(order))
    run.add(noted(*(f"foreign order: {order.text}" for order in others)))
    halts, gaps, losses = current_halts(desk, run.session), live.stops.gaps, live.stops.losses
    closing = Closing(closing_shares(desk.ownership, open_orders), run.market.next_open)
    today_only = (run.session, run.session)
    headline = f"{plural(len(shown), 'position')}, equity {dollars(account.equity)}"
    base = run.outcome(RunStatus.RAN, headline)
    return StatusOutcome.of(
        replace(base, halts=halts),  # a status that could look ends with 0, whatever is halted
        level=level_of(halts),
        lock_holder=lock_holder,
        last_runs=desk.ledger.runs.last_of_each_job(),
        schedule=jobs,
        positions=position_lines(shown, live.holdings, gaps, losses),
        bare=bare_lines(told_periods(desk, run.session, gaps, open_orders, today_only), desk.clock.now()),
        counters=live.counters,
        limits=live.inputs.limits,
        used=limit_use(live.inputs, account, live.counters),
        now=run.market.now,
        needs=find_needs((*run.breaks, *pending), gaps, _to_do(desk.schedule_clock, jobs), untraded, closing),
        if_all_stops_fill=total_of(losses),
    )


def recall(desk: LedgerDesk, trouble: str, code: ExitCode = ExitCode.BROKER) -> StatusOutcome:
    """What the ledger knows while the broker is out of reach: halts, jobs, and the account as it was known last."""
    halts = current_halts(desk, new_york_date(desk.now))
    held, point = positions.recall(desk, Selection()), desk.ledger.history.newest_equity()
    jobs = desk.schedule.session_jobs()
    known = f"{plural(len(held.rows), 'position')}, equity {dollars(point.equity)}" if point else held.notes[0]
    base = Outcome(
        Job.STATUS,
        desk.session_at(desk.now).session,
        RunStatus.FAILED,
        known,
        frozenset({code}),
        halts=halts,
    )
    return StatusOutcome.of(
        base,
        level=level_of(halts),
        last_runs=desk.ledger.runs.last_of_each_job(),
        schedule=jobs,
        positions=held.rows,
        needs=find_needs(desk.ledger.halts_and_breaks.breaks(), (), _to_do(desk.schedule.schedule_clock, jobs), ()),
        now=desk.now,
        known_at=held.known_at,
        trouble=trouble,
        if_all_stops_fill=total_at_stops(held.rows),
    )


def with_ledger(found: StatusOutcome, desk: LedgerDesk, lock_holder: str) -> StatusOutcome:
    """A status of some seconds ago with what the ledger and the latch know now: halts, the lock, jobs and runs."""
    halts = current_halts(desk, found.session or new_york_date(desk.now))
    return replace(
        found,
        halts=halts,
        level=level_of(halts),
        lock_holder=lock_holder,
        last_runs=desk.ledger.runs.last_of_each_job(),
        schedule=desk.schedule.session_jobs(),
    )


def unreadable(halts: Iterable[Halt], trouble: str, code: ExitCode, found: StatusOutcome | None) -> StatusOutcome:
    """The status of a home whose ledger or settings cannot be read, which halts it.

    halts: those of the latch file. found: the newest look at the broker; None without one.
    """
    halt = Halt(HaltSource.LEDGER, HaltRule.UNREADABLE, HaltLevel.HALTED, trouble)
    base = found or StatusOutcome(Job.STATUS, None, RunStatus.FAILED, "")
    return replace(
        base,
        status=RunStatus.FAILED,
        headline="HALTED (unreadable)",
        codes=frozenset({code}),
        halts=(*halts, halt),
        level=HaltLevel.HALTED,
        trouble=trouble,
    )


def _to_do(schedule_clock: ScheduleClock, jobs: Iterable[SessionJob]) -> Iterator[SessionJob]:
    """The jobs of the two newest sessions. Where a person begins the sessions, one that was not run is none."""
    jobs = tuple(jobs)
    newest = sorted({each.session for each in jobs})[-2:]
    by_hand = schedule_clock is ScheduleClock.EXCHANGE
    not_run = {JobStatus.MISSED, JobStatus.OVERDUE} if by_hand else frozenset[JobStatus]()
    return (each for each in jobs if each.session in newest and each.mark not in not_run)
