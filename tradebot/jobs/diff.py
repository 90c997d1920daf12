"""diff: sessions of the ledger beside their backtests. The job is recorded, and alerts of what is unexplained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeAlias

from tradebot.core.model.account import MarketClock
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
    """Compare the newest session that is over, as a recorded run. Raises what ``compare`` does, and UsageError."""
    run = open_run(desk, Job.DIFF)
    run.session = session = _newest_over(run.market)

    def work() -> DiffRun:
        with run.step("compare"):
            found = compare(desk, session)
        if alarm := alert_of(found):
            desk.alerts.send("warning", alarm.title, alarm.message, key=alarm.key)
        return diff_run(run.outcome(RunStatus.RAN, ""), (found,))

    return record(desk, run, work)


def look(desk: Desk, first: date | None, last: date | None, compare: Compare) -> DiffRun:
    """Compare the sessions from ``first`` to ``last``; None for either: the newest that is over. Nothing is recorded.

    Raises UsageError for days without a session that is over, and what ``compare`` does.
    """
    newest = _newest_over(desk.broker.clock())
    sessions = _over(desk, first or newest, last or newest, newest)
    compared = [compare(desk, session) for session in sessions]
    return diff_run(Outcome(Job.DIFF, compared[-1].session, RunStatus.RAN, ""), compared)


def _over(desk: Desk, first: date, last: date, newest: date) -> Sequence[date]:
    sessions = [hours.session for hours in desk.calendar.between(first, last) if hours.session <= newest]
    if sessions:
        return sessions
    days = f"{first}" if first == last else f"{first} to {last}"
    raise UsageError(f"{days}: no session of the exchange that is over. The newest that is over is {newest}.")


def _newest_over(market: MarketClock) -> date:
    for hours in (market.today, market.previous):
        if hours is not None and hours.closes <= market.now:
            return hours.session
    raise UsageError("no session is over yet. Compare after the close of the first.")
