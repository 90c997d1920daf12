"""reconcile: the three-way comparison of intents, fills and broker positions, as a table of breaks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tradebot.core.model.breaks import ACCEPTABLE, Break
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import plural
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode
from tradebot.jobs import trading_session
from tradebot.jobs.circuit_breakers import check_failed_runs, look_and_check
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, open_run, record
from tradebot.jobs.step_results import coded, noted
from tradebot.jobs.steps import untradable
from tradebot.jobs.steps.repair import repair_first
from tradebot.jobs.steps.session_close import record_close
from tradebot.jobs.steps.sync import note_pending


def run(desk: Desk) -> Outcome:
    """Settle, book and compare. Sends no order, unless a loss makes an emergency stop.

    Where stops are for jobs to place, it first repairs what a job left that was killed.
    Raises BrokerUnavailable when the broker can't be read whole.
    """
    run = open_run(desk, Job.RECONCILE)
    return record(desk, run, lambda: _compare(desk, run))


def _compare(desk: Desk, run: JobRun) -> Outcome:
    check_failed_runs(desk, run)
    run.add(repair_first(desk, run))
    state = trading_session.confirm(desk, run, look_and_check(desk, run))
    record_close(desk, run, state.account, state.positions)
    run.add(note_pending(state))
    run.add(untradable.report_untradable(desk, state))
    if matter := [each for each in state.breaks if each.matters]:
        run.add(coded(ExitCode.BREAKS).after(noted(*_ways_out(matter))))
        trading_session.tell_breaks(desk, matter)
    compared = f"{plural(len(state.positions), 'position')} and {plural(len(state.open_orders), 'open order')} compared"
    if state.breaks:
        return run.outcome(RunStatus.RAN, f"{compared}: {plural(len(state.breaks), 'break')}")
    if state.pending:
        return run.outcome(RunStatus.RAN, f"{compared}: {plural(len(state.pending), 'difference')}, not confirmed")
    return run.outcome(RunStatus.RAN, f"{compared}: the ledger explains everything at the broker")


def _ways_out(breaks: Iterable[Break]) -> Iterator[str]:
    """For each symbol whose break can be accepted, the command that takes the broker's figure over."""
    for symbol in dict.fromkeys(each.symbol for each in breaks if each.kind in ACCEPTABLE):
        command = f'tradebot reconcile --accept {symbol} --reason "what the broker\'s statement says"'
        yield f"where the broker is right about {symbol}: `{command}`"
