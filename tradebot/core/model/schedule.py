"""The day's schedule: which jobs a session has, when each is due, and until when it may still be caught up.

Exchange hours are given from outside; every instant is aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from tradebot.core.model.account import SessionHours


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
    INCIDENT = "incident"


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


@dataclass(frozen=True, slots=True)
class Rules:
    """What the settings say of the schedule: when a job counts as late, and how long run-daily may still enter."""

    late_after: timedelta = timedelta(minutes=15)
    entry_window: timedelta = timedelta(minutes=120)


@dataclass(frozen=True, slots=True)
class Window:
    """When a job may do its work for a session. It is due ``due``, late after ``late``, missed from ``missed`` on.

    A run counts for the session from ``counts`` on; a scheduler may start the job from ``begins`` on. They differ for
    check-exits alone, which has many looks in a session, of which the last counts.
    """

    job: Job
    session: date
    begins: datetime
    counts: datetime
    due: datetime
    late: datetime
    missed: datetime

    def is_open(self, at: datetime) -> bool:
        return self.begins <= at < self.missed


#: How long before it is due a preflight, or the last look for exits, counts for the session.
EARLY = timedelta(minutes=15)
#: The first look for exits, after run-daily has entered.
FIRST_LOOK = timedelta(minutes=15)


def windows(hours: SessionHours, next_opens: datetime, rules: Rules) -> tuple[Window, ...]:
    """A session's windows, one a job of DAY, in the order of DAY. ``next_opens`` is the next session's opening."""
    return tuple(_window(job, hours, next_opens, rules) for job in DAY)


def window_at(job: Job, at: datetime, sessions: Iterable[SessionHours], rules: Rules) -> Window | None:
    """The window of ``job`` that is open at an instant, if one is. ``sessions`` are those around it, in order.

    The last of them only ends the one before it.
    """
    for hours, following in pairwise(sessions):
        window = _window(job, hours, following.opens, rules)
        if window.is_open(at):
            return window
    return None


def _window(job: Job, hours: SessionHours, next_opens: datetime, rules: Rules) -> Window:
    due = nominal(job, hours)
    assert due is not None  # every job of DAY is due in every session
    begins, missed = _span(job, hours, next_opens, due, rules)
    counts = due - EARLY if job is Job.CHECK_EXITS else begins
    return Window(job, hours.session, begins, counts, due, min(due + rules.late_after, missed), missed)


def _span(
    job: Job, hours: SessionHours, next_opens: datetime, due: datetime, rules: Rules
) -> tuple[datetime, datetime]:
    """From when on a job may do its work for a session, and when it is too late to catch up.

    - preflight warns before the open: afterwards it is missed, and run-daily makes the checks that matter itself.
    - run-daily trades what was decided on the previous close: once ``rules.entry_window`` is over, that is stale.
    - check-exits may be late until the close. Its last look counts, for it is the last to leave by time or signal;
      looks before it that were left out are not missed, because the stops rest at the broker meanwhile.
    - reconcile and report speak of a session that is over, and may until the next one's preflight is due, so that it
      can say all that was missed.
    """
    match job:
        case Job.PREFLIGHT:
            return due - EARLY, hours.opens
        case Job.RUN_DAILY:
            return hours.opens, min(hours.opens + rules.entry_window, hours.closes)
        case Job.CHECK_EXITS:
            return hours.opens + FIRST_LOOK, hours.closes
        case _:
            return hours.closes, next_opens + _AFTER_OPEN[Job.PREFLIGHT]


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
