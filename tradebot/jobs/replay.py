"""replay: walk the schedule through sessions of the embedded exchange, running the real jobs in one process."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol

from tradebot.core.model.account import SessionHours
from tradebot.core.model.halts import Halt, HaltRule
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import DAY, Job, due_time
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.results import Period, ReplayOutcome, ReportOutcome
from tradebot.errors import ExitCode, Halted
from tradebot.jobs import check_exits, preflight, reconcile, report, run_daily
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, open_run
from tradebot.jobs.step_results import noted


class ReplayExchange(Protocol):
    """The embedded exchange as a replay drives it."""

    def hours(self) -> SessionHours:
        """The session that the exchange is in."""
        ...

    def advance_to(self, instant: datetime) -> None: ...

    def next_session(self) -> object: ...


_JOBS: dict[Job, Callable[[Desk], Outcome]] = {
    Job.PREFLIGHT: preflight.run,
    Job.RUN_DAILY: run_daily.run,
    Job.CHECK_EXITS: check_exits.run,
    Job.RECONCILE: reconcile.run,
    Job.REPORT: lambda desk: report.run(desk, Period.DAY),
}


def run(
    desk: Desk, floor: ReplayExchange, sessions: Sequence[date], progress: Callable[[date, int, int], None]
) -> ReplayOutcome:
    """Run each session's jobs at their nominal times, from where the exchange stands to the last of ``sessions``.

    A job that has run in its session is not run again, so an interrupted replay goes on where it stopped. ``progress``
    is told the session, how many are done, and how many there are. Raises Stopped between jobs, and Halted when
    somebody has halted the account since it began.
    """
    known = desk.latch.read()
    started = time.perf_counter()
    worst: set[ExitCode] = set()
    jobs_run = 0
    for number, session in enumerate(sessions):
        _refuse_to_go_on(desk, known)
        while floor.hours().session < session:
            floor.next_session()
        outcomes = _session(desk, floor)
        jobs_run += len(outcomes)
        worst.update(code for outcome in outcomes for code in outcome.codes)
        progress(session, number + 1, len(sessions))
    final = report.run(desk, Period.ALL)
    run = open_run(desk, Job.REPLAY)
    return _outcome(run, final, len(sessions), jobs_run, time.perf_counter() - started, worst)


def _refuse_to_go_on(desk: Desk, known: Collection[Halt]) -> None:
    """End for whoever stops the account: an emergency stop waits until no job holds the lock."""
    for halt in desk.latch.read():
        if halt.rule is HaltRule.OPERATOR and halt not in known:
            raise Halted(f"somebody halted the account while it was replayed ({halt.reason}): the replay ends here")


def _session(desk: Desk, floor: ReplayExchange) -> list[Outcome]:
    hours = floor.hours()
    ended = (RunStatus.RAN, RunStatus.IDLE, RunStatus.BLOCKED)
    done = {run.job for run in desk.ledger.runs.of_session(hours.session) if run.status in ended}
    outcomes = []
    for job in DAY:
        if job in done:
            continue
        desk.stop.check()
        due = due_time(job, hours)
        assert due is not None
        floor.advance_to(due)
        outcomes.append(_JOBS[job](desk))
    return outcomes


def _outcome(
    run: JobRun, final: ReportOutcome, sessions: int, jobs_run: int, seconds: float, met: set[ExitCode]
) -> ReplayOutcome:
    """A replay ends well when its jobs could do their work; what they met on the way is said, not failed on."""
    met_names = ", ".join(sorted(code.name.lower() for code in met)) or "nothing unusual"
    run.add(noted(f"conditions met on the way: {met_names}"))
    run.breaks = final.breaks
    base = run.outcome(RunStatus.RAN, f"{sessions} sessions replayed, {jobs_run} jobs run", final.totals)
    return ReplayOutcome.of(
        replace(base, account=final.account, unprotected=final.unprotected),
        sessions=sessions,
        jobs_run=jobs_run,
        seconds=seconds,
        report=final,
    )
