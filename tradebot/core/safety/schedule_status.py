"""Schedule status: the job schedule compared with the runs that were recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise

from tradebot.core.model.account import SessionHours
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import NEEDED, Job, JobWindow, ScheduleRules, job_windows
from tradebot.core.model.values import plural


class ScheduleClock(StrEnum):
    """Which clock the schedule follows: wall time, or the embedded exchange's clock, advanced manually."""

    REAL = "wall"
    EXCHANGE = "desk"


class JobStatus(StrEnum):
    """The status of a job in a session."""

    DUE = "due"  # may still begin in time, or is running
    OVERDUE = "overdue"  # has not begun, is late and may still run
    RAN = "ran"
    LATE = "late"  # ran, and began late
    IDLE = "idle"
    BLOCKED = "blocked"
    FAILED = "failed"
    MISSED = "missed"


#: The statuses of jobs whose work was not done.
UNDONE = frozenset({JobStatus.MISSED, JobStatus.FAILED})


@dataclass(frozen=True, slots=True)
class JobStart:
    """A run of a job."""

    job: Job
    at: datetime  # when it began, aware UTC, on the schedule's clock
    status: RunStatus


@dataclass(frozen=True, slots=True)
class SessionJob:
    """A job of a session with its status."""

    session: date
    job: Job
    mark: JobStatus
    at: datetime | None = None  # when the run that counts began, aware UTC; None without one


@dataclass(frozen=True, slots=True)
class TrackingStart:
    """From when on an account's jobs are tracked."""

    since: datetime  # aware UTC
    unsettled: date  # the first session whose jobs are not all settled


@dataclass(frozen=True, slots=True)
class MissedJob:
    """A job that was not run for its session and can't be made up for."""

    session: date
    job: Job


def schedule_status(
    sessions: Sequence[SessionHours],
    starts: Iterable[JobStart],
    now: datetime,
    since: datetime,
    rules: ScheduleRules,
    *,
    diff_since: datetime | None = None,
) -> tuple[SessionJob, ...]:
    """The status of each job of each session, in order.

    sessions: the sessions to report, in order. The last one only bounds the one before it.
    since: when tracking began; a job that was due before and was not run is left out.
    diff_since: when diff first ran; it is left out before. None: it never ran.
    """
    by_job: dict[Job, list[JobStart]] = {}
    for start in starts:
        by_job.setdefault(start.job, []).append(start)
    return tuple(
        _status(window, by_job.get(window.job, ()), now)
        for hours, following in pairwise(sessions)
        for window in job_windows(hours, following.opens, rules)
        if _is_expected(window, since, diff_since)
        or any(_counts(start, window) for start in by_job.get(window.job, ()))
    )


def _is_expected(window: JobWindow, since: datetime, diff_since: datetime | None) -> bool:
    if window.job is Job.DIFF and (diff_since is None or window.due < diff_since):
        return False
    return window.due >= since


def missed_jobs(cells: Iterable[SessionJob]) -> tuple[MissedJob, ...]:
    """The jobs that were missed."""
    return tuple(MissedJob(cell.session, cell.job) for cell in cells if cell.mark is JobStatus.MISSED)


def missed_text(missed: Sequence[MissedJob]) -> str:
    """Missed jobs for people: "missed: 2026-11-24 run-daily, report; 2026-11-25 every job"."""
    by_session: dict[date, list[Job]] = {}
    for each in missed:
        by_session.setdefault(each.session, []).append(each.job)
    if len(by_session) > LISTED:
        runs_daily = sum(1 for each in missed if each.job is Job.RUN_DAILY)
        first, last = min(by_session), max(by_session)
        return (
            f"missed: {plural(len(missed), 'job')} in {plural(len(by_session), 'session')} from {first} to {last}, "
            f"run-daily in {runs_daily} of them"
        )
    return "missed: " + "; ".join(f"{session} {_jobs(jobs)}" for session, jobs in by_session.items())


#: The most sessions that are listed one by one.
LISTED = 5


def _jobs(jobs: Sequence[Job]) -> str:
    return "every job" if set(NEEDED) <= set(jobs) else ", ".join(jobs)


def _counts(start: JobStart, window: JobWindow) -> bool:
    return window.counts <= start.at < window.missed


def _status(window: JobWindow, starts: Sequence[JobStart], now: datetime) -> SessionJob:
    """The status by the first run that succeeded, else by the last run, else by the time."""
    counted = [start for start in starts if _counts(start, window)]
    ran = next((start for start in counted if start.status is RunStatus.RAN), None)
    if ran is not None:
        return SessionJob(
            window.session, window.job, JobStatus.LATE if ran.at >= window.late else JobStatus.RAN, ran.at
        )
    if counted:
        last = counted[-1]
        return SessionJob(window.session, window.job, _unfinished_status(last, window, now), last.at)
    return SessionJob(window.session, window.job, _status_without_a_run(window, now))


def _unfinished_status(start: JobStart, window: JobWindow, now: datetime) -> JobStatus:
    if start.status is RunStatus.RUNNING:  # it may still be at work; after its window it has died
        return JobStatus.FAILED if now >= window.missed else JobStatus.DUE
    return JobStatus(start.status)


def _status_without_a_run(window: JobWindow, now: datetime) -> JobStatus:
    if now >= window.missed:
        return JobStatus.MISSED
    return JobStatus.OVERDUE if now >= window.late else JobStatus.DUE
