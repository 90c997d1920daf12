"""The day's schedule: which jobs a session has, and when. New York times, exchange hours given from outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tradebot.core.account import SessionHours


class Job(StrEnum):
    PREFLIGHT = "preflight"
    RUN_DAILY = "run-daily"
    CHECK_EXITS = "check-exits"
    RECONCILE = "reconcile"
    REPORT = "report"
    EMERGENCY_STOP = "emergency-stop"
    RESUME = "resume"
    STATUS = "status"
    EXPLAIN = "explain"
    REPLAY = "replay"
    REBUILD = "rebuild"


#: The jobs of a session, in the order in which they are due.
DAY = (Job.PREFLIGHT, Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE, Job.REPORT)

CHECK_EXITS_EVERY = timedelta(minutes=15)
_AFTER_OPEN = {Job.PREFLIGHT: timedelta(minutes=-30), Job.RUN_DAILY: timedelta(minutes=5)}
_AFTER_CLOSE = {
    Job.CHECK_EXITS: -CHECK_EXITS_EVERY,
    Job.RECONCILE: timedelta(minutes=5),
    Job.REPORT: timedelta(minutes=15),
}


@dataclass(frozen=True, slots=True)
class Due:
    """A job and the instant (aware UTC) at which it is due."""

    job: Job
    at: datetime


def nominal(job: Job, hours: SessionHours) -> datetime | None:
    """The instant at which ``job`` is due in a session; for check-exits, its last run of the day. None if it never is.

    Counted from the session's own open and close, so that a half day moves what belongs to its close.
    """
    if job in _AFTER_OPEN:
        return hours.opens + _AFTER_OPEN[job]
    if job in _AFTER_CLOSE:
        return hours.closes + _AFTER_CLOSE[job]
    return None


def day(hours: SessionHours) -> tuple[Due, ...]:
    """Every run that is due in a session, in order; check-exits every 15 minutes until 15 before the close."""
    runs = [Due(job, hours.opens + after) for job, after in _AFTER_OPEN.items()]
    runs += [Due(job, hours.closes + after) for job, after in _AFTER_CLOSE.items() if job is not Job.CHECK_EXITS]
    at = hours.opens + _AFTER_OPEN[Job.RUN_DAILY] + timedelta(minutes=10)
    while at <= hours.closes + _AFTER_CLOSE[Job.CHECK_EXITS]:
        runs.append(Due(Job.CHECK_EXITS, at))
        at += CHECK_EXITS_EVERY
    return tuple(sorted(runs, key=lambda due: due.at))
