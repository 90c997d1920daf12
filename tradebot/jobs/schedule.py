"""Compares the job schedule with the recorded runs. Missed jobs are reported by the next job that runs.

The schedule goes by the clock that starts its jobs: the machine's at a broker, and on an embedded exchange whose
sessions follow the calendar; the exchange's where a person begins its sessions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tradebot.core.model.account import SessionHours
from tradebot.core.model.exchange_time import NEW_YORK, new_york_date, new_york_text
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job, ScheduleRules, open_window
from tradebot.core.safety.schedule_status import (
    LISTED,
    JobStatus,
    MissedJob,
    ScheduleClock,
    SessionJob,
    missed_jobs,
    missed_text,
    schedule_status,
)
from tradebot.ledger.database import AccountLedger
from tradebot.ports import Alerts, Calendar

#: Sessions that status shows.
SESSIONS_SHOWN = 7
_TWO_WEEKS = timedelta(days=14)  # longer than any pause between two sessions since 1952


@dataclass(frozen=True, slots=True)
class JobSchedule:
    """The schedule of one account at one moment."""

    ledger: AccountLedger
    calendar: Calendar
    rules: ScheduleRules
    schedule_clock: ScheduleClock
    now: datetime  # of ``schedule_clock``, aware UTC

    @property
    def today(self) -> date:
        """The New York date of ``now``."""
        return new_york_date(self.now)

    def why_not_due(self, job: Job) -> str:
        """Why ``job`` is not due now; "" if it is.

        A job that ran in its window is not due again, save check-exits, which has several in a session.
        """
        window = open_window(job, self.now, self._from(self.calendar.previous(self.today).session), self.rules)
        if window is None:
            return f"{job} is not due at {new_york_text(self.now)}: nothing was done"
        if job is not Job.CHECK_EXITS:
            for start in self.ledger.schedule.job_starts(self.schedule_clock, window.counts):
                if start.job is job and start.status is RunStatus.RAN:
                    return f"{job} of {window.session} ran at {new_york_text(start.at)} already: nothing was done"
        return ""

    def why_too_late(self) -> str:
        """Why run-daily is too late to enter in today's session; "" if it is not."""
        hours = self.calendar.hours(self.today)
        if hours is None or self.now < (until := hours.opens + self.rules.entry_window):
            return ""
        return (
            f"it is too late for what was decided on the previous close (run-daily enters until "
            f"{until.astimezone(NEW_YORK):%H:%M} New York time): nothing was sent"
        )

    def session_jobs(self) -> tuple[SessionJob, ...]:
        """The status of each job of the newest sessions. Empty before the schedule is tracked."""
        tracking = self.ledger.schedule.tracking_start(self.schedule_clock)
        if tracking is None:
            return ()
        since = max(new_york_date(tracking.since), self.today - SESSIONS_SHOWN * _TWO_WEEKS)
        sessions = self._from(since)
        return self._status(sessions[-SESSIONS_SHOWN - 1 :], tracking.since)

    def report_missed(self, alerts: Alerts, job: Job, at: datetime) -> list[str]:
        """Notes on the jobs missed since the newest report, and on ``job``, about to run, if it is late.

        Each is also alerted once, unless a person begins the sessions and so reads the notes. The first call begins
        the tracking. ``at`` is desk time.
        """
        schedule = self.ledger.schedule
        tracking = schedule.tracking_start(self.schedule_clock)
        if tracking is None:
            schedule.start_tracking(self.schedule_clock, self.now, self.today)
            return []
        sessions = self._from(tracking.unsettled)
        jobs = self._status(sessions, tracking.since)
        notes = []
        if missed := self._store_missed(jobs, sessions, tracking.unsettled, alerts, at):
            notes.append(missed_text(missed))
        if overdue := next((each for each in jobs if each.job is job and each.mark is JobStatus.OVERDUE), None):
            notes.append(f"late: {job} of {overdue.session} begins at {new_york_text(self.now)}")
            if self.schedule_clock is ScheduleClock.REAL:
                key = f"schedule:late:{overdue.session}:{job}"
                alerts.send("warning", f"{job} is late", f"{notes[-1]}. {_ADVICE}", key=key)
        return notes

    def _store_missed(
        self, jobs: Sequence[SessionJob], sessions: Sequence[SessionHours], before: date, alerts: Alerts, at: datetime
    ) -> tuple[MissedJob, ...]:
        """Store and alert, in one transaction, the missed jobs that are not stored yet. Returns those."""
        known = self.ledger.schedule.missed_jobs(self.schedule_clock, before)
        missed = [each for each in missed_jobs(jobs) if each not in known]
        unsettled = self._unsettled(sessions)
        if not missed and unsettled == before:
            return ()
        with self.ledger.transaction():
            new = self.ledger.schedule.settle(self.schedule_clock, missed, unsettled, at, self.now)
            if self.schedule_clock is ScheduleClock.REAL:
                for title, jobs_missed in _alerts_of(new):
                    key = f"schedule:missed:{jobs_missed[0].session}:{','.join(each.job for each in jobs_missed)}"
                    alerts.send("warning", title, f"{missed_text(jobs_missed)}. {_ADVICE}", key=key[:200])
        return new

    def _unsettled(self, sessions: Sequence[SessionHours]) -> date:
        """The first session whose last window is not over. The last of ``sessions`` is in the future."""
        return next(
            hours.session
            for hours, following in zip(sessions, (*sessions[1:], None), strict=True)
            if following is None or following.opens > self.now
        )

    def _status(self, sessions: Sequence[SessionHours], since: datetime) -> tuple[SessionJob, ...]:
        log, clock = self.ledger.schedule, self.schedule_clock
        job_starts = log.job_starts(clock, sessions[0].opens - timedelta(hours=12))
        diff_since = log.first_start(clock, Job.DIFF)
        return schedule_status(sessions, job_starts, self.now, since, self.rules, diff_since=diff_since)

    def _from(self, first: date) -> tuple[SessionHours, ...]:
        """The sessions from ``first`` to today, and the one after."""
        return (*self.calendar.between(first, self.today), self.calendar.following(self.today))


_ADVICE = "See `tradebot status`, and `tradebot schedule verify` on the host that should have started it."


def _alerts_of(missed: Sequence[MissedJob]) -> list[tuple[str, list[MissedJob]]]:
    """The title and the jobs of each alert: one alert a session, or one for all of a long absence."""
    by_session: dict[date, list[MissedJob]] = {}
    for each in missed:
        by_session.setdefault(each.session, []).append(each)
    if len(by_session) > LISTED:
        return [(f"jobs were missed in {len(by_session)} sessions", list(missed))]
    return [(f"jobs of {session} were missed", jobs) for session, jobs in by_session.items()]
