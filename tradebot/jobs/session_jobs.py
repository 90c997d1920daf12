"""jobs: the jobs of the newest session, from the ledger alone: when each is due, whether it ran, and how it ended."""

from __future__ import annotations

from tradebot.core.model.schedule import job_windows
from tradebot.core.results.job_lines import SessionJobs, job_lines
from tradebot.jobs.ledger_desk import LedgerDesk


def run(desk: LedgerDesk) -> SessionJobs:
    """The jobs of the newest session that has any."""
    schedule = desk.schedule
    known = schedule.session_jobs()
    session = max((each.session for each in known), default=None)
    hours = desk.calendar.hours(session) if session else None
    if session is None or hours is None:
        return SessionJobs(None, schedule.now, ())
    windows = job_windows(hours, desk.calendar.following(session).opens, schedule.rules)
    of_session = (each for each in known if each.session == session)
    return SessionJobs(session, schedule.now, job_lines(of_session, windows, desk.ledger.runs.of_session(session)))
