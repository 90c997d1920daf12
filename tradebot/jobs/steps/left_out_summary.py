"""Whether the summary of a session is still to be raised."""

from __future__ import annotations

from datetime import date

from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.jobs.desk import Desk
from tradebot.settings.alert_model import DailySummary


def left_out(desk: Desk) -> date | None:
    """The session of the newest report, where that was cut off or failed before it raised the wanted summary."""
    newest = next(desk.ledger.runs.newest(Job.REPORT, tuple(RunStatus), 1), None)
    if newest is None or newest.session is None or newest.status not in (RunStatus.RUNNING, RunStatus.FAILED):
        return None
    is_over = newest.session < new_york_date(desk.clock.now())  # until then the report may be run again
    return newest.session if is_over and is_wanted(desk, newest.session) else None


def is_wanted(desk: Desk, session: date) -> bool:
    """Whether summaries are wanted at all, and that of a session was not raised yet."""
    return desk.settings.daily_summary is not DailySummary.OFF and not desk.ledger.outbox.has(summary_key(session))


def summary_key(session: date) -> str:
    """The key of the alert that is a session's summary."""
    return f"summary:{session}"
