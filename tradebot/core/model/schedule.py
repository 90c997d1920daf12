"""The job schedule: which jobs a session has, when each is due, and until when it can be made up for.

The caller gives the exchange's hours. Every instant is aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from tradebot.core.model.account import SessionHours


class Job(StrEnum):
    """A use case that reports an outcome, or the backup; those in SCHEDULED are started by a scheduler."""

    PREFLIGHT = "preflight"
    RUN_DAILY = "run-daily"
    CHECK_EXITS = "check-exits"
    RECONCILE = "reconcile"
    REPORT = "report"
    DIFF = "diff"
    EMERGENCY_STOP = "emergency-stop"
    RESUME = "resume"
    STATUS = "status"
    EXPLAIN = "explain"
    REPLAY = "replay"
    REBUILD = "rebuild"
    INCIDENT = "incident"
    ADOPT = "adopt"
    BACKUP = "backup"
    POSITIONS = "positions"
    ORDERS = "orders"
    RISK = "risk"


#: The jobs of a session, in the order in which they are due.
DAY = (Job.PREFLIGHT, Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE, Job.REPORT, Job.DIFF)
#: Those without which a session is not done. diff is expected from its first run on: a host that an earlier version
#: set up does not start it, and a person who begins the sessions need not.
NEEDED = tuple(job for job in DAY if job is not Job.DIFF)
#: What a scheduler starts: the jobs of a session, and the backup after them. A backup is never late or missed.
SCHEDULED = (*DAY, Job.BACKUP)

CHECK_EXITS_EVERY = timedelta(minutes=15)
_AFTER_OPEN = {Job.PREFLIGHT: timedelta(minutes=-30), Job.RUN_DAILY: timedelta(minutes=5)}
_AFTER_CLOSE = {
    Job.CHECK_EXITS: -CHECK_EXITS_EVERY,
    Job.RECONCILE: timedelta(minutes=5),
    Job.REPORT: timedelta(minutes=15),
    Job.DIFF: timedelta(minutes=20),  # the session's bars are told to everyone 15 minutes after its close
    Job.BACKUP: timedelta(minutes=25),
}


@dataclass(frozen=True, slots=True)
class DueJob:
    """A job and the instant (aware UTC) at which it is due."""

    job: Job
    at: datetime


@dataclass(frozen=True, slots=True)
class ScheduleRules:
    """The settings of the schedule."""

    late_after: timedelta = timedelta(minutes=15)  # a job that begins so long after it was due is late
    entry_window: timedelta = timedelta(minutes=120)  # after the open, in which run-daily may enter


@dataclass(frozen=True, slots=True)
class JobWindow:
    """The time in which a job does its work for a session.

    ``begins`` and ``counts`` differ for check-exits alone, which runs several times in a session; its last run counts.
    """

    job: Job
    session: date
    begins: datetime  # a scheduler may start the job from here on
    counts: datetime  # a run counts for the session from here on
    due: datetime
    late: datetime  # a run that begins later is late
    missed: datetime  # the job is missed from here on

    def is_open(self, at: datetime) -> bool:
        """Whether the job may do its work at ``at``."""
        return self.begins <= at < self.missed


#: How long before it is due a run of preflight, or the last one of check-exits, counts for the session.
EARLY = timedelta(minutes=15)
#: From the open to the first check-exits, which follows the entries of run-daily.
FIRST_CHECK_EXITS = timedelta(minutes=15)


@lru_cache(maxsize=32)  # a job looks at the same few sessions several times
def job_windows(hours: SessionHours, next_opens: datetime, rules: ScheduleRules) -> tuple[JobWindow, ...]:
    """A session's windows, one for each job of DAY, in that order. ``next_opens``: when the next session opens."""
    return tuple(job_window(job, hours, next_opens, rules) for job in DAY)


def open_window(job: Job, at: datetime, sessions: Iterable[SessionHours], rules: ScheduleRules) -> JobWindow | None:
    """The window of ``job`` that is open at an instant; None without one.

    ``sessions``: the sessions around the instant, in order. The last one only bounds the one before it.
    """
    for hours, following in pairwise(sessions):
        window = job_window(job, hours, following.opens, rules)
        if window.is_open(at):
            return window
    return None


def job_window(job: Job, hours: SessionHours, next_opens: datetime, rules: ScheduleRules) -> JobWindow:
    """A session's window of a job of SCHEDULED. ``next_opens``: when the next session opens."""
    due = due_time(job, hours)
    assert due is not None  # each is due in every session
    begins, missed = _span(job, hours, next_opens, due, rules)
    counts = due - EARLY if job is Job.CHECK_EXITS else begins
    late = missed if job is Job.BACKUP else min(due + rules.late_after, missed)
    return JobWindow(job, hours.session, begins, counts, due, late, missed)


def _span(
    job: Job, hours: SessionHours, next_opens: datetime, due: datetime, rules: ScheduleRules
) -> tuple[datetime, datetime]:
    """The begin of a job's window and the instant from which the job is missed.

    - preflight warns before the open. Afterwards run-daily makes the checks that matter itself.
    - run-daily trades on the previous close, which is stale after ``rules.entry_window``.
    - check-exits can run until the close. Its last run counts: the last that exits by age or signal. Earlier runs that
      were left out are not missed, because the stops rest at the broker.
    - reconcile, report and diff look back at the session until the next preflight is due, which reports missed jobs.
    - a backup can be made until then too, from the hour on at which the report is done.
    """
    match job:
        case Job.PREFLIGHT:
            return due - EARLY, hours.opens
        case Job.RUN_DAILY:
            return hours.opens, min(hours.opens + rules.entry_window, hours.closes)
        case Job.CHECK_EXITS:
            return hours.opens + FIRST_CHECK_EXITS, hours.closes
        case Job.BACKUP:
            return due, next_opens + _AFTER_OPEN[Job.PREFLIGHT]
        case _:
            return hours.closes, next_opens + _AFTER_OPEN[Job.PREFLIGHT]


def due_time(job: Job, hours: SessionHours) -> datetime | None:
    """The instant at which ``job`` is due in a session; of check-exits, its last run. None for an unscheduled job.

    It is counted from the session's own open or close, so that a half day moves what follows its close.
    """
    if job in _AFTER_OPEN:
        return hours.opens + _AFTER_OPEN[job]
    if job in _AFTER_CLOSE:
        return hours.closes + _AFTER_CLOSE[job]
    return None


def due_jobs(hours: SessionHours) -> tuple[DueJob, ...]:
    """Every run that is due in a session, in order. check-exits is due every 15 minutes until 15 before the close."""
    runs = [DueJob(job, hours.opens + after) for job, after in _AFTER_OPEN.items()]
    runs += [DueJob(job, hours.closes + after) for job, after in _AFTER_CLOSE.items() if job is not Job.CHECK_EXITS]
    at = hours.opens + _AFTER_OPEN[Job.RUN_DAILY] + timedelta(minutes=10)
    while at <= hours.closes + _AFTER_CLOSE[Job.CHECK_EXITS]:
        runs.append(DueJob(Job.CHECK_EXITS, at))
        at += CHECK_EXITS_EVERY
    return tuple(sorted(runs, key=lambda due: due.at))
