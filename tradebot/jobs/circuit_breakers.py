"""Applies the circuit breakers when a job begins and between its orders.

A loss makes an emergency stop, as the command does, through the job's own desk. The other breakers only stop entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from tradebot.core.accounting.unbooked import lots_including
from tradebot.core.model.account import AccountSnapshot
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.halts import LOSS_RULES, Halt, HaltEnd, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.ledger_rows import Run, RunStatus
from tradebot.core.model.limits import LimitUsed
from tradebot.core.model.ownership import BookedPositions
from tradebot.core.model.schedule import Job
from tradebot.core.results.stop_outcome import StopOutcome
from tradebot.core.risk.circuit_breakers import (
    COUNTED_JOBS,
    COUNTED_STATUSES,
    UNCOUNTED_CODES,
    breaks_halt,
    failed_in_a_row,
    failed_runs_halt,
    limit_breach_halt,
    loss_halts,
)
from tradebot.core.safety.stop_state import StopGoal, StopState
from tradebot.errors import BrokerUnavailable, ExitCode, TradebotError
from tradebot.jobs.desk import Desk
from tradebot.jobs.emergency_stop import run as emergency_stop
from tradebot.jobs.emergency_stop.desk import desk_for_stop
from tradebot.jobs.emergency_stop.ledger_submit import ThroughLedger
from tradebot.jobs.job_run import JobRun, read_account
from tradebot.jobs.step_results import AccountState, StepResult, failed, noted
from tradebot.jobs.steps.activities import book_new_activities
from tradebot.jobs.steps.day_result import read_explained
from tradebot.jobs.steps.halts import refresh_halts
from tradebot.jobs.steps.sync import counters, resolve_open_intents, synchronise


def check_failed_runs(desk: Desk, run: JobRun) -> None:
    """Halt when the newest runs of a job all failed since a person last resumed.

    Reads the ledger alone, because the broker may be what fails.
    """
    run.halts = refresh_halts(desk, run.session)
    limits, now = desk.settings.limits(), desk.clock.now()
    resumed = next(desk.ledger.runs.newest(Job.RESUME, (RunStatus.RAN, RunStatus.BLOCKED), 1), None)
    since = resumed.run_id if resumed else 0
    most = 0
    for job in COUNTED_JOBS:
        failed = failed_in_a_row(_counted_runs(desk, run, job, since))
        most = max(most, len(failed))
        halt = failed_runs_halt(failed, limits, run.session, now)
        if halt is not None:
            _latch(desk, run, [halt])
    if most:
        used = LimitUsed("FAILED_RUNS_LIMIT", Decimal(most), Decimal(limits.failed_runs_limit))
        desk.ledger.limits_used.store(run.session, [used], now)


def look_and_check(desk: Desk, run: JobRun, *, at_most: timedelta = timedelta(0)) -> AccountState:
    """Synchronise, and check every circuit breaker. Returns the account as it is afterwards.

    Where that is out of reach, as without activities, losses are judged by account and positions alone before
    BrokerUnavailable is raised.
    """
    try:
        state = run.add(synchronise(desk, run, at_most=at_most)).state
    except BrokerUnavailable:
        with suppress(BrokerUnavailable):  # the first error is the one to report
            _judge_losses(desk, run)
        raise
    return check_circuit_breakers(desk, run, state)


def check_circuit_breakers(desk: Desk, run: JobRun, state: AccountState) -> AccountState:
    """Check every circuit breaker against ``state``. Returns the account as it is afterwards.

    An unfinished emergency stop of an earlier loss is finished.
    """
    run.halts = refresh_halts(desk, run.session)
    tripped = tuple(_tripped(desk, run, state))
    if all(halt.rule is not HaltRule.LIMIT_BREACH for halt in tripped):
        _end_breach(desk, run)
    is_new = any(map(_stops, _latch(desk, run, tripped)))
    end_breaks_halt(desk, run, state)
    if not is_new and (not any(map(_stops, run.halts)) or _is_over(desk, state)):
        return state
    _stop(desk, run)
    return run.add(synchronise(desk, run)).state


def check_between_orders(desk: Desk, run: JobRun) -> None:
    """Check the losses again before the next entry, with at most one request, for the account's equity.

    The equity is measured with what the last look explained, so money that moved since then passes for a result at
    first. A loss is looked at again with everything that explains it before it halts.
    Limits need no check: each entry was planned with those before it counted. `submit` checks the halts itself.
    """
    account = read_account(desk, run, at_most=desk.fresh_for)
    if any(map(_stops, _latch(desk, run, _losses(desk, run, account)))):
        _stop(desk, run)


def _stops(halt: Halt) -> bool:
    """Whether a halt makes an emergency stop: a loss set it, and its level is HALTED."""
    return halt.rule in LOSS_RULES and halt.level is HaltLevel.HALTED


def _tripped(desk: Desk, run: JobRun, state: AccountState) -> Iterable[Halt]:
    limits, now = desk.settings.limits(), desk.clock.now()
    yield from _losses(desk, run, state.account)
    value = breaks_halt(state.breaks, limits, run.session, now, _sessions_since_breaks_halted(desk, run))
    if value is not None:
        yield value
    breach = limit_breach(desk, run, state)
    if breach is not None:
        yield breach


def limit_breach(desk: Desk, run: JobRun, state: AccountState) -> Halt | None:
    """The halt for the limits that the account exceeds, which is not latched by this."""
    inputs = state.limit_inputs(desk.settings.limits())
    return limit_breach_halt(inputs, run.session, desk.clock.now())


def _judge_losses(desk: Desk, run: JobRun) -> None:
    """Check the losses by account, positions and what is booked. Raises BrokerUnavailable."""
    run.halts = refresh_halts(desk, run.session)
    account, run.explained = read_explained(desk, run)
    if any(map(_stops, _latch(desk, run, _losses(desk, run, account, unbooked=True)))):
        _stop(desk, run)


def _losses(desk: Desk, run: JobRun, account: AccountSnapshot, *, unbooked: bool = False) -> tuple[Halt, ...]:
    """The losses that no halt in force is for. ``unbooked``: the activities are out of reach.

    An emergency stop cannot be undone, so the account is read and explained again, and both readings must show the
    loss. Activities that can't be read leave it to what is booked.
    """
    known = {halt.rule for halt in run.halts if halt.of_account}
    new = {halt.rule for halt in _loss_halts(desk, run, account)} - known
    if not new:
        return ()
    if not unbooked:
        with suppress(BrokerUnavailable):
            run.add(resolve_open_intents(desk, run))
            run.add(book_new_activities(desk))
    again, run.explained = read_explained(desk, run)
    return tuple(halt for halt in _loss_halts(desk, run, again) if halt.rule in new)


def _loss_halts(desk: Desk, run: JobRun, account: AccountSnapshot) -> tuple[Halt, ...]:
    """The halts of the losses at this equity. A day's loss halts until the next session."""
    today = counters(desk, run, account)
    halts = loss_halts(account, today, desk.settings.limits(), run.session, desk.clock.now())
    tomorrow = desk.calendar.following(run.session).session
    return tuple(replace(halt, until=tomorrow) if halt.rule is HaltRule.DAILY_LOSS else halt for halt in halts)


def _latch(desk: Desk, run: JobRun, halts: Iterable[Halt]) -> tuple[Halt, ...]:
    """Latch and return each halt whose rule has none in force. One that stops goes to the latch file first."""
    latched = {halt.rule for halt in run.halts if halt.of_account}
    new = tuple(halt for halt in halts if halt.rule not in latched)
    for halt in new:
        if _stops(halt):
            _latch_file(desk, run, halt)
        desk.ledger.halts_and_breaks.latch(halt, desk.clock.now())
    if new:
        run.halts = refresh_halts(desk, run.session)
    return new


def _latch_file(desk: Desk, run: JobRun, halt: Halt) -> None:
    try:
        desk.latch.set(replace(halt, source=HaltSource.LATCH_FILE))
    except TradebotError as error:  # the ledger holds it too, and every job reads that
        run.add(failed("latch", str(error)))


def _end_breach(desk: Desk, run: JobRun) -> None:
    """Clear the halt of a limit breach: no limit is breached any more."""
    over = [halt for halt in run.halts if halt.rule is HaltRule.LIMIT_BREACH]
    if over:
        desk.ledger.halts_and_breaks.clear(over, "the breach is gone", desk.clock.now())
        desk.latch.clear(over)
        run.add(noted(f"no limit is breached any more: {over[0].reason}"))
        run.halts = refresh_halts(desk, run.session)


def end_breaks_halt(desk: Desk, run: JobRun, state: AccountState) -> None:
    """End the halt for breaks once two jobs in a row explain everything.

    Shares that agree again although no row that was booked since is about them do not count as explained: from then on
    the halt ends by a person alone.
    """
    halts = [halt for halt in run.halts if halt.rule is HaltRule.BREAKS and halt.ends_by is HaltEnd.EXPLAINED]
    if not halts:
        return
    book, now = desk.ledger.halts_and_breaks, desk.clock.now()
    since = halts[0].since or now
    if returned := [symbol for symbol in book.came_back(since) if state.agrees_on(symbol)]:
        book.only_resume_ends_breaks(now)
        run.add(noted(f"{', '.join(returned)}: the shares agree again, and no activity says why; the halt stays"))
    elif book.count_explained(run.run_id if state.explains_everything else None, now):
        book.clear(halts, "two jobs in a row explained everything", now)
        run.add(noted("two jobs in a row explained everything: the halt for breaks is over"))
    else:
        return
    run.halts = refresh_halts(desk, run.session)


def _sessions_since_breaks_halted(desk: Desk, run: JobRun) -> int | None:
    """The sessions since the last halt for breaks ended; None where there was none."""
    ended = desk.ledger.halts_and_breaks.last_end(HaltRule.BREAKS)
    return len(desk.calendar.between(new_york_date(ended), run.session)) - 1 if ended else None


def _counted_runs(desk: Desk, run: JobRun, job: Job, since: int) -> Iterator[Run]:
    """The newest runs of a job after the run ``since``, newest first, without this run."""
    count = desk.settings.failed_runs_limit + 1  # one more for this run
    newest = desk.ledger.runs.newest(job, COUNTED_STATUSES, count, without=UNCOUNTED_CODES, seen_from=desk.home_id)
    return (past for past in newest if since < past.run_id != run.run_id)


def _is_over(desk: Desk, state: AccountState) -> bool:
    """Whether an emergency stop would find nothing to cancel or close."""
    goal = StopGoal(close=desk.settings.emergency_close_positions)
    lots = lots_including(BookedPositions(desk.ledger.books.lots()), (), desk.ownership)
    positions = {position.symbol: position for position in state.positions}
    stop = StopState(desk.ownership, goal, state.open_orders, positions, lots)
    ours = (owned for owned in stop.owned_shares() if not owned.is_foreign)
    return not stop.to_cancel() and not (goal.close and any(not stop.closing(owned) for owned in ours))


def _stop(desk: Desk, run: JobRun) -> None:
    """Make an emergency stop, and add what came of it to the run of the job."""
    sender = ThroughLedger(desk, run)
    with run.step("emergency stop"):
        stop = desk_for_stop(desk, sender)
        outcome = emergency_stop.run(stop, close_positions=desk.settings.emergency_close_positions)
    run.add(_result_of(outcome).after(*sender.results))


def _result_of(outcome: StopOutcome) -> StepResult:
    notes = [f"emergency stop: {outcome.headline}"]
    for line in outcome.lines:
        detail = f" ({line.detail})" if line.detail else ""
        notes.append(f"emergency stop: {line.what} {line.symbol}: {line.result}{detail}")
    codes = outcome.codes - {ExitCode.HALTED}
    return StepResult(failures=outcome.failures, notes=tuple(notes), codes=tuple(codes))
