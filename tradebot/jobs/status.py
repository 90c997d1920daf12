"""status: the account now. It only reads, and is fast, so that it can be run at any time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tradebot.core.model.breaks import pending_text
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.halts import level_of
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import dollars, plural
from tradebot.core.results.bare_lines import bare_lines
from tradebot.core.results.listings import Selection
from tradebot.core.results.needs import Closing, find_needs
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.position_lines import position_lines, total_at_stops
from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.core.risk.circuit_breakers import LimitInputs, limit_use
from tradebot.core.safety.schedule_status import JobStatus, ScheduleClock, SessionJob
from tradebot.core.safety.stop_coverage import closing_shares
from tradebot.core.safety.stop_losses import total_of
from tradebot.errors import ExitCode
from tradebot.jobs import positions
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import open_run, read_account
from tradebot.jobs.ledger_desk import LedgerDesk
from tradebot.jobs.step_results import noted
from tradebot.jobs.steps import untradable
from tradebot.jobs.steps.bare_time import told_periods
from tradebot.jobs.steps.day_result import explain_equity, traded_today
from tradebot.jobs.steps.halts import current_halts
from tradebot.jobs.steps.stop_gaps import look_at_stops
from tradebot.jobs.steps.sync import counters


def run(desk: Desk, lock_holder: str) -> StatusOutcome:
    """Halts, the lock, the jobs of the newest sessions, positions, counters and limits."""
    run = open_run(desk, Job.STATUS)
    account = read_account(desk, run)
    shown = desk.broker.positions()
    holdings = desk.ledger.books.holdings()
    wanted = {p.symbol for p in shown} | {h.symbol for h in holdings} | traded_today(desk, run)
    quotes = desk.market.quotes(wanted)
    run.explained = explain_equity(desk, run, account, shown, quotes)
    open_orders = desk.broker.open_orders()
    stops = look_at_stops(desk, holdings, shown, open_orders, quotes)
    open_gaps = stops.gaps
    run.gaps, run.breaks = open_gaps, desk.ledger.halts_and_breaks.breaks()
    found = untradable.find_untradable(desk, shown, open_orders)
    pending = desk.ledger.halts_and_breaks.pending()
    run.add(noted(*(pending_text(each) for each in pending)))
    untraded = tuple((str(each), each.remedy) for each in found)
    run.add(noted(*("; ".join(each) for each in untraded)))
    jobs = desk.job_schedule().session_jobs()
    others = (order for order in open_orders if desk.ownership.is_others(order))
    run.add(noted(*(f"foreign order: {order.text}" for order in others)))
    halts = current_halts(desk, run.session)
    limits, today = desk.settings.limits(), counters(desk, run, account)
    unsettled = desk.ledger.orders.unsettled()
    inputs = LimitInputs(account.equity, shown, holdings, open_orders, unsettled, quotes, limits)
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
        positions=position_lines(shown, holdings, open_gaps, stops.losses),
        bare=bare_lines(told_periods(desk, run.session, open_gaps, open_orders, today_only), desk.clock.now()),
        counters=today,
        limits=limits,
        used=limit_use(inputs, account, today),
        now=run.market.now,
        needs=find_needs((*run.breaks, *pending), open_gaps, _to_do(desk.schedule_clock, jobs), untraded, closing),
        if_all_stops_fill=total_of(stops.losses),
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


def _to_do(schedule_clock: ScheduleClock, jobs: Iterable[SessionJob]) -> Iterator[SessionJob]:
    """The jobs of the two newest sessions. Where a person begins the sessions, one that was not run is none."""
    jobs = tuple(jobs)
    newest = sorted({each.session for each in jobs})[-2:]
    by_hand = schedule_clock is ScheduleClock.EXCHANGE
    not_run = {JobStatus.MISSED, JobStatus.OVERDUE} if by_hand else frozenset[JobStatus]()
    return (each for each in jobs if each.session in newest and each.mark not in not_run)
