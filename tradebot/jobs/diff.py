"""diff: sessions of the ledger beside their backtests. The job is recorded, and alerts of what is unexplained."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeAlias

from tradebot.core.model.account import MarketClock, SessionHours
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.diff_outcome import DiffOutcome
from tradebot.core.results.diff_run import DiffRun, alert_of, diff_run
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import UsageError
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import open_run, record

#: Compares a session that is over with its backtest.
Compare: TypeAlias = Callable[[Desk, date], DiffOutcome]


def run(desk: Desk, compare: Compare) -> DiffRun:
    """Compare the newest session that is over, as a recorded run. Raises what ``compare`` does.

    It is idle where the account had not begun by the close of that session.
    """
    run = open_run(desk, Job.DIFF)
    hours = _newest_over(run.market)
    if hours is not None:
        run.session = hours.session

    def work() -> DiffRun:
        if hours is None or not _has_begun(desk, hours):
            return diff_run(run.outcome(RunStatus.IDLE, ""), ())
        with run.step("compare"):
            found = compare(desk, hours.session)
        if alarm := alert_of(found):
            desk.alerts.send("warning", alarm.title, alarm.message, key=alarm.key)
        return diff_run(run.outcome(RunStatus.RAN, ""), (found,))

    return record(desk, run, work)


def look(desk: Desk, first: date | None, last: date | None, compare: Compare) -> DiffRun:
    """Compare the sessions from ``first`` to ``last``; None for either: the newest that is over. Nothing is recorded.

    Raises UsageError for days without a session of the account that is over, and what ``compare`` does.
    """
    newest = _newest_over(desk.broker.clock())
    if newest is None:
        raise UsageError("no session is over yet. Compare after the close of the first.")
    asked = desk.calendar.between(first or newest.session, last or newest.session)
    sessions = [each.session for each in asked if each.session <= newest.session and _has_begun(desk, each)]
    if not sessions:
        raise UsageError(_why_none(desk, first, last, newest))
    compared = [compare(desk, session) for session in sessions]
    return diff_run(Outcome(Job.DIFF, sessions[-1], RunStatus.RAN, ""), compared)


def _newest_over(market: MarketClock) -> SessionHours | None:
    days = (market.today, market.previous)
    return next((hours for hours in days if hours is not None and hours.closes <= market.now), None)


def _has_begun(desk: Desk, hours: SessionHours) -> bool:
    """Whether the account had begun by the close of a session."""
    opening = desk.ledger.openings.opening()
    if opening is None:
        return not desk.ledger.openings.is_due()  # an account of an earlier version has none
    return opening.at < hours.closes


def _why_none(desk: Desk, first: date | None, last: date | None, newest: SessionHours) -> str:
    opening = desk.ledger.openings.opening()
    if opening is not None and opening.session > newest.session:
        return f"no session of the account is over: it began in session {opening.session}. Compare after its close."
    if opening is not None:
        began = f"the account began in session {opening.session}"
    else:
        due = desk.ledger.openings.is_due()
        began = "the account has traded nothing yet" if due else "the account began with an earlier version"
    days = " to ".join(dict.fromkeys(str(day) for day in (first or newest.session, last or newest.session)))
    return f"{days}: no session of the account that is over. The newest that is over is {newest.session}; {began}."
