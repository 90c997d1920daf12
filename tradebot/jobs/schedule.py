"""Whose turn it is: the schedule held against the runs in the ledger. What was missed is noticed by whatever runs next.

The schedule goes by the clock that starts its jobs. At a broker, and on an embedded exchange that begins its sessions
with the dates on the wall, that is the machine's. Where a person begins the exchange's sessions, it is the exchange's.
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
    missed_in,
    missed_text,
    schedule_status,
)
from tradebot.ledger.database import AccountLedger
from tradebot.ports import Alerts, Calendar

#: Sessions that status looks back on.
SHOWN = 7
_TWO_WEEKS = timedelta(days=14)  # longer than any pause between two sessions since 1952


@dataclass(frozen=True, slots=True)
class JobSchedule:
    """The schedule of one account at one instant ``now`` of the clock it goes by."""

    ledger: AccountLedger
    calendar: Calendar
    rules: ScheduleRules
    schedule_clock: ScheduleClock
    now: datetime

    @property
    def today(self) -> date:
        return new_york_date(self.now)

    def why_not(self, job: Job) -> str:
        """Why a scheduler that starts ``job`` now has come at a wrong time, or an empty text.

        Jobs that were due and ran are not run again; of check-exits, whatever look is due.
        """
        window = open_window(job, self.now, self._from(self.calendar.previous(self.today).session), self.rules)
        if window is None:
            return f"{job} is not due at {new_york_text(self.now)}: nothing was done"
        if job is not Job.CHECK_EXITS:
            for turn in self.ledger.schedule.job_starts(self.schedule_clock, window.counts):
                if turn.job is job and turn.status is RunStatus.RAN:
                    return f"{job} of {window.session} ran at {new_york_text(turn.at)} already: nothing was done"
        return ""

    def why_stale(self) -> str:
        """Why run-daily is too late to enter in today's session, or an empty text."""
        hours = self.calendar.hours(self.today)
        if hours is None or self.now < (until := hours.opens + self.rules.entry_window):
            return ""
        return (
            f"it is too late for what was decided on the previous close (run-daily enters until "
            f"{until.astimezone(NEW_YORK):%H:%M} New York time): nothing was sent"
        )

    def cells(self) -> tuple[SessionJob, ...]:
        """The last sessions' jobs, as they stand. Empty before the schedule is kept."""
        kept = self.ledger.schedule.kept(self.schedule_clock)
        if kept is None:
            return ()
        since = max(new_york_date(kept.since), self.today - SHOWN * _TWO_WEEKS)
        sessions = self._from(since)
        return self._attendance(sessions[-SHOWN - 1 :], kept.since)

    def notice(self, alerts: Alerts, job: Job, at: datetime) -> list[str]:
        """Notice what was missed since anybody looked, and whether ``job``, about to run, is late; once each.

        Gives what there is to say. Alerts go to whoever is not there to read it: where people begin the sessions
        themselves, there is nobody else to tell. ``at`` is desk time.
        """
        schedule = self.ledger.schedule
        kept = schedule.kept(self.schedule_clock)
        if kept is None:
            schedule.keep(self.schedule_clock, self.now, self.today)
            return []
        sessions = self._from(kept.unsettled)
        cells = self._attendance(sessions, kept.since)
        notes = []
        if missed := self._news(cells, sessions, kept.unsettled, alerts, at):
            notes.append(missed_text(missed))
        if overdue := next((cell for cell in cells if cell.job is job and cell.mark is JobStatus.OVERDUE), None):
            notes.append(f"late: {job} of {overdue.session} begins at {new_york_text(self.now)}")
            if self.schedule_clock is ScheduleClock.WALL:
                key = f"schedule:late:{overdue.session}:{job}"
                alerts.send("warning", f"{job} is late", f"{notes[-1]}. {_LOOK}", key=key)
        return notes

    def _news(
        self, cells: Sequence[SessionJob], sessions: Sequence[SessionHours], before: date, alerts: Alerts, at: datetime
    ) -> tuple[MissedJob, ...]:
        """What is found missed now, stored and alerted in one."""
        known = self.ledger.schedule.missed(self.schedule_clock, before)
        missed = [one for one in missed_in(cells) if one not in known]
        unsettled = self._unsettled(sessions)
        if not missed and unsettled == before:
            return ()
        with self.ledger.transaction():
            news = self.ledger.schedule.settle(self.schedule_clock, missed, unsettled, at, self.now)
            if self.schedule_clock is ScheduleClock.WALL:
                for title, told in _in_alerts(news):
                    key = f"schedule:missed:{told[0].session}:{','.join(one.job for one in told)}"
                    alerts.send("warning", title, f"{missed_text(told)}. {_LOOK}", key=key[:200])
        return news

    def _unsettled(self, sessions: Sequence[SessionHours]) -> date:
        """The first session whose last window is still open or to come; ``sessions`` end with one that is to come."""
        return next(
            hours.session
            for hours, following in zip(sessions, (*sessions[1:], None), strict=True)
            if following is None or following.opens > self.now
        )

    def _attendance(self, sessions: Sequence[SessionHours], since: datetime) -> tuple[SessionJob, ...]:
        job_starts = self.ledger.schedule.job_starts(self.schedule_clock, sessions[0].opens - timedelta(hours=12))
        return schedule_status(sessions, job_starts, self.now, since, self.rules)

    def _from(self, first: date) -> tuple[SessionHours, ...]:
        """The sessions from ``first`` to today, and the next after that."""
        return (*self.calendar.between(first, self.today), self.calendar.following(self.today))


_LOOK = "See `tradebot status`, and `tradebot schedule verify` on the host that should have started it."


def _in_alerts(missed: Sequence[MissedJob]) -> list[tuple[str, list[MissedJob]]]:
    """A title and what belongs under it: an alert a session, or one for all of a long absence."""
    by_session: dict[date, list[MissedJob]] = {}
    for one in missed:
        by_session.setdefault(one.session, []).append(one)
    if len(by_session) > LISTED:
        return [(f"jobs were missed in {len(by_session)} sessions", list(missed))]
    return [(f"jobs of {session} were missed", ones) for session, ones in by_session.items()]
