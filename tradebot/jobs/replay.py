"""replay: run the real jobs of many sessions on the embedded exchange, in one process."""

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
from tradebot.core.model.values import plural
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.report_outcome import Period, ReplayOutcome, ReportOutcome
from tradebot.errors import ExitCode, Halted
from tradebot.jobs import check_exits, preflight, reconcile, report, run_daily
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, open_run
from tradebot.jobs.step_results import noted


class ReplayExchange(Protocol):
    """The part of the embedded exchange that a replay uses."""

    def hours(self) -> SessionHours:
        """The hours of the exchange's session."""
        ...

    def advance_to(self, instant: datetime) -> None:
        """Move the exchange's clock forward to ``instant`` of its session."""
        ...

    def next_session(self) -> object:
        """Begin the next session."""
        ...


_JOBS: dict[Job, Callable[[Desk], Outcome]] = {
    Job.PREFLIGHT: preflight.run,
    Job.RUN_DAILY: run_daily.run,
    Job.CHECK_EXITS: check_exits.run,
    Job.RECONCILE: reconcile.run,
    Job.REPORT: lambda desk: report.run(desk, Period.DAY),
}


def run(
    desk: Desk, exchange: ReplayExchange, sessions: Sequence[date], progress: Callable[[date, int, int], None]
) -> ReplayOutcome:
    """Run each session's jobs at their nominal times, from the exchange's session to the last of ``sessions``.

    A job that ran in its session is not run again, so that an interrupted replay continues. ``progress`` gets the
    session, the number of sessions done, and the number of all. Raises Stopped between jobs, and Halted when a person
    halts the account meanwhile.
    """
    halts_before = desk.latch.read()
    started = time.perf_counter()
    codes: set[ExitCode] = set()
    failures: dict[str, list[str]] = {}  # messages by what failed
    jobs_run = 0
    for number, session in enumerate(sessions):
        _check_not_halted(desk, halts_before)
        while exchange.hours().session < session:
            exchange.next_session()
        outcomes = _session(desk, exchange)
        jobs_run += len(outcomes)
        codes.update(code for outcome in outcomes for code in outcome.codes)
        for failure in (failure for outcome in outcomes for failure in outcome.failures):
            failures.setdefault(failure.what, []).append(failure.message)
        progress(session, number + 1, len(sessions))
    final = report.run(desk, Period.ALL)
    run = open_run(desk, Job.REPLAY)
    for what, messages in failures.items():
        run.add(noted(f"{what} failed in {plural(len(messages), 'job')}, first: {messages[0]}"))
    return _outcome(run, final, len(sessions), jobs_run, time.perf_counter() - started, codes)


def _check_not_halted(desk: Desk, known: Collection[Halt]) -> None:
    """Raise Halted where a person halted the account: an emergency stop waits until no job holds the lock."""
    for halt in desk.latch.read():
        if halt.rule is HaltRule.OPERATOR and halt not in known:
            raise Halted(f"somebody halted the account while it was replayed ({halt.reason}): the replay ends here")


def _session(desk: Desk, exchange: ReplayExchange) -> list[Outcome]:
    hours = exchange.hours()
    ended = (RunStatus.RAN, RunStatus.IDLE, RunStatus.BLOCKED)
    done = {run.job for run in desk.ledger.runs.of_session(hours.session) if run.status in ended}
    outcomes = []
    for job in DAY:
        if job in done:
            continue
        desk.stop.check()
        due = due_time(job, hours)
        assert due is not None
        exchange.advance_to(due)
        outcomes.append(_JOBS[job](desk))
    return outcomes


def _outcome(
    run: JobRun, final: ReportOutcome, sessions: int, jobs_run: int, seconds: float, codes: set[ExitCode]
) -> ReplayOutcome:
    """The exit codes of the jobs are a note; the replay itself ends with 0."""
    met_names = ", ".join(sorted(code.name.lower() for code in codes)) or "nothing unusual"
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
