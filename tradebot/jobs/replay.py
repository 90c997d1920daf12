"""replay: run the real jobs of many sessions on the embedded exchange, in one process."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from tradebot.core.model.account import SessionHours
from tradebot.core.model.halts import Halt, HaltRule
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import NEEDED, Job, due_time
from tradebot.core.model.values import plural
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.report_outcome import ReplayOutcome, ReportOutcome
from tradebot.core.results.report_periods import AskedPeriod, Period
from tradebot.errors import ExitCode, Halted
from tradebot.jobs import check_exits, preflight, reconcile, report, run_daily
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, open_run
from tradebot.jobs.replay_halts import OnHalt, ReplayHalts
from tradebot.jobs.step_results import coded, noted


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
    Job.REPORT: lambda desk: report.run(desk, AskedPeriod()),
}


@dataclass(frozen=True, slots=True)
class Course:
    """The sessions of a replay, of which ``done`` were replayed before this command, and what it does about halts."""

    sessions: Sequence[date]  # left to replay
    done: int = 0
    on_halt: OnHalt = OnHalt.CONTINUE
    own_halts: Sequence[str] = ()  # keys of the halts that jobs of this replay set before
    remember: Callable[[Sequence[str]], None] = lambda keys: None  # stores the keys of halts that its jobs set

    @property
    def asked(self) -> int:
        """The number of sessions of the whole replay."""
        return self.done + len(self.sessions)


def run(
    desk: Desk, exchange: ReplayExchange, course: Course, progress: Callable[[date, int, int], None]
) -> ReplayOutcome:
    """Run each session's jobs at their nominal times, from the exchange's session to the last of the course.

    A job that ran in its session is not run again, so that an interrupted replay continues. ``progress`` gets the
    session, the number of sessions done, and the number of all. Raises Stopped between jobs, and Halted when a person
    halts the account meanwhile or a halt does not let it begin.
    """
    halts_before = desk.latch.read()
    started = time.perf_counter()
    codes: set[ExitCode] = set()
    failures: dict[str, list[str]] = {}  # messages by what failed
    jobs_run = replayed = 0
    halts = ReplayHalts(desk, course.on_halt, course.own_halts, course.remember)
    halts.check_before(next((day for day in course.sessions if not has_ended(desk, day)), course.sessions[-1]))
    why_stopped = ""
    for session in course.sessions:
        _check_not_halted(desk, halts_before)
        while exchange.hours().session < session:
            exchange.next_session()
        outcomes = _session(desk, exchange)
        jobs_run += len(outcomes)
        codes.update(code for outcome in outcomes for code in outcome.codes)
        for failure in (failure for outcome in outcomes for failure in outcome.failures):
            failures.setdefault(failure.what, []).append(failure.message)
        replayed += 1
        progress(session, course.done + replayed, course.asked)
        if why_stopped := halts.after(session, outcomes):
            break
    final = report.run(desk, AskedPeriod(Period.ALL))
    run = open_run(desk, Job.REPLAY)
    for what, messages in failures.items():
        run.add(noted(f"{what} failed in {plural(len(messages), 'job')}, first: {messages[0]}"))
    outcome = _outcome(run, final, course, replayed, jobs_run, codes, why_stopped)
    return replace(outcome, halts_met=tuple(halts.met), seconds=time.perf_counter() - started)


def _check_not_halted(desk: Desk, known: Collection[Halt]) -> None:
    """Raise Halted where a person halted the account: an emergency stop waits until no job holds the lock."""
    for halt in desk.latch.read():
        if halt.rule is HaltRule.OPERATOR and halt not in known:
            raise Halted(f"somebody halted the account while it was replayed ({halt.reason}): the replay ends here")


def _ended(desk: Desk, session: date) -> set[Job]:
    """The jobs that ended in a session."""
    ended = (RunStatus.RAN, RunStatus.IDLE, RunStatus.BLOCKED)
    return {run.job for run in desk.ledger.runs.of_session(session) if run.status in ended}


def has_ended(desk: Desk, session: date) -> bool:
    """Whether every job of a session has ended."""
    return _ended(desk, session).issuperset(NEEDED)


def _session(desk: Desk, exchange: ReplayExchange) -> list[Outcome]:
    hours = exchange.hours()
    done = _ended(desk, hours.session)
    outcomes = []
    for job in NEEDED:
        if job in done:
            continue
        desk.stop.check()
        due = due_time(job, hours)
        assert due is not None
        exchange.advance_to(due)
        outcomes.append(_JOBS[job](desk))
    return outcomes


def _outcome(
    run: JobRun,
    final: ReportOutcome,
    course: Course,
    replayed: int,
    jobs_run: int,
    codes: set[ExitCode],
    why_stopped: str,
) -> ReplayOutcome:
    """The exit codes of the jobs are a note; the replay itself ends with 0, or with HALTED where a halt stopped it."""
    met_names = ", ".join(sorted(code.name.lower() for code in codes)) or "nothing unusual"
    run.add(noted(f"conditions met on the way: {met_names}"))
    run.breaks = final.breaks
    headline = f"{plural(replayed, 'session')} replayed, {plural(jobs_run, 'job')} run"
    done = course.done + replayed
    if course.done:
        headline += f"; {done} of {plural(course.asked, 'session')} are done"
    if why_stopped:
        run.add(coded(ExitCode.HALTED))
        headline = f"stopped after {done} of {plural(course.asked, 'session')}: {why_stopped}"
    base = run.outcome(RunStatus.BLOCKED if why_stopped else RunStatus.RAN, headline, final.totals)
    return ReplayOutcome.of(
        replace(base, account=final.account, unprotected=final.unprotected),
        sessions=replayed,
        sessions_before=course.done,
        sessions_asked=course.asked,
        jobs_run=jobs_run,
        report=final,
    )
