"""What became of each job that was due: the schedule held against the runs that there were."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise

from tradebot.core.model.account import SessionHours
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import DAY, Job, JobWindow, ScheduleRules, job_windows
from tradebot.core.model.values import plural


class ScheduleClock(StrEnum):
    """Which clock the schedule goes by: wall time, or the embedded exchange's clock, which a person advances."""

    REAL = "wall"
    EXCHANGE = "desk"


class JobStatus(StrEnum):
    """What became of a job in a session."""

    DUE = "due"  # may still run in time, or is running
    OVERDUE = "overdue"  # is late, and may still run
    RAN = "ran"
    LATE = "late"  # ran, but late
    IDLE = "idle"
    BLOCKED = "blocked"
    FAILED = "failed"
    MISSED = "missed"


#: Marks of jobs whose work was not done.
UNDONE = frozenset({JobStatus.MISSED, JobStatus.FAILED})


@dataclass(frozen=True, slots=True)
class JobStart:
    """A run as the schedule sees it. ``at`` is when it began, aware UTC, by the clock that the schedule goes by."""

    job: Job
    at: datetime
    status: RunStatus


@dataclass(frozen=True, slots=True)
class SessionJob:
    """A job in a session. ``at`` is when the run that counts began, aware UTC; None where there was none."""

    session: date
    job: Job
    mark: JobStatus
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrackingStart:
    """Since when an account keeps the schedule, and the first session of which not every job is settled yet."""

    since: datetime
    unsettled: date


@dataclass(frozen=True, slots=True)
class MissedJob:
    """A job that nothing ran in its session, and that nothing will make up for."""

    session: date
    job: Job


def schedule_status(
    sessions: Sequence[SessionHours], turns: Iterable[JobStart], now: datetime, since: datetime, rules: ScheduleRules
) -> tuple[SessionJob, ...]:
    """A cell for each job of each session, in order, that was due between ``since`` and ``now`` or is due next.

    The last of ``sessions`` only ends the one before it. Nothing was due before ``since``, when the home began.
    """
    by_job: dict[Job, list[JobStart]] = {}
    for turn in turns:
        by_job.setdefault(turn.job, []).append(turn)
    return tuple(
        _cell(window, by_job.get(window.job, ()), now)
        for hours, following in pairwise(sessions)
        for window in job_windows(hours, following.opens, rules)
        if window.due >= since or any(_counts(turn, window) for turn in by_job.get(window.job, ()))
    )


def missed_in(cells: Iterable[SessionJob]) -> tuple[MissedJob, ...]:
    return tuple(MissedJob(cell.session, cell.job) for cell in cells if cell.mark is JobStatus.MISSED)


def missed_text(missed: Sequence[MissedJob]) -> str:
    """Missed jobs in one sentence: ``missed: 2026-11-24 run-daily, report; 2026-11-25 every job``."""
    by_session: dict[date, list[Job]] = {}
    for one in missed:
        by_session.setdefault(one.session, []).append(one.job)
    if len(by_session) > LISTED:
        runs_daily = sum(1 for one in missed if one.job is Job.RUN_DAILY)
        first, last = min(by_session), max(by_session)
        return (
            f"missed: {plural(len(missed), 'job')} in {plural(len(by_session), 'session')} from {first} to {last}, "
            f"run-daily in {runs_daily} of them"
        )
    return "missed: " + "; ".join(f"{session} {_jobs(jobs)}" for session, jobs in by_session.items())


#: So many sessions are told one by one; of a longer absence the bounds.
LISTED = 5
_EVERY = len(DAY)


def _jobs(jobs: Sequence[Job]) -> str:
    return "every job" if len(jobs) == _EVERY else ", ".join(jobs)


def _counts(turn: JobStart, window: JobWindow) -> bool:
    return window.counts <= turn.at < window.missed


def _cell(window: JobWindow, turns: Sequence[JobStart], now: datetime) -> SessionJob:
    """A job that failed and then ran has run; of runs that all came to less, the last is what became of it."""
    counted = [turn for turn in turns if _counts(turn, window)]
    ran = next((turn for turn in counted if turn.status is RunStatus.RAN), None)
    if ran is not None:
        return SessionJob(
            window.session, window.job, JobStatus.LATE if ran.at >= window.late else JobStatus.RAN, ran.at
        )
    if counted:
        last = counted[-1]
        return SessionJob(window.session, window.job, _short_of(last, window, now), last.at)
    return SessionJob(window.session, window.job, _without_a_run(window, now))


def _short_of(turn: JobStart, window: JobWindow, now: datetime) -> JobStatus:
    if turn.status is RunStatus.RUNNING:  # it may be at work; once its time is over, it died
        return JobStatus.FAILED if now >= window.missed else JobStatus.DUE
    return JobStatus(turn.status)


def _without_a_run(window: JobWindow, now: datetime) -> JobStatus:
    if now >= window.missed:
        return JobStatus.MISSED
    return JobStatus.OVERDUE if now >= window.late else JobStatus.DUE
