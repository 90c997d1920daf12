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


#: The jobs of a session, in the order in which they are due.
DAY = (Job.PREFLIGHT, Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE, Job.REPORT)

CHECK_EXITS_EVERY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Due:
    """A job and the instant (aware UTC) at which it is due."""

    job: Job
    at: datetime


def nominal(job: Job, hours: SessionHours) -> datetime:
    """The instant at which ``job`` is due in a session; for check-exits, its last run of the day.

    Counted from the session's own open and close, so that a half day moves what belongs to its close.
    """
    match job:
        case Job.PREFLIGHT:
            return hours.opens - timedelta(minutes=30)
        case Job.RUN_DAILY | Job.EMERGENCY_STOP | Job.RESUME:
            return hours.opens + timedelta(minutes=5)
        case Job.CHECK_EXITS:
            return hours.closes - CHECK_EXITS_EVERY
        case Job.RECONCILE:
            return hours.closes + timedelta(minutes=5)
        case Job.REPORT:
            return hours.closes + timedelta(minutes=15)


def day(hours: SessionHours) -> tuple[Due, ...]:
    """Every run that is due in a session, in order; check-exits every 15 minutes until 15 before the close."""
    first_check = nominal(Job.RUN_DAILY, hours) + timedelta(minutes=10)
    last_check = nominal(Job.CHECK_EXITS, hours)
    checks = []
    at = first_check
    while at <= last_check:
        checks.append(Due(Job.CHECK_EXITS, at))
        at += CHECK_EXITS_EVERY
    fixed = [Due(job, nominal(job, hours)) for job in DAY if job is not Job.CHECK_EXITS]
    return tuple(sorted([*fixed, *checks], key=lambda due: due.at))
