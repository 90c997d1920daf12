"""The summary of a session: raised as an alert by the scheduled report, once, and delivered as any other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.schedule import Job
from tradebot.core.results.daily_summary import daily_summary
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.safety.schedule_status import JobStatus, ScheduleClock, SessionJob
from tradebot.jobs.desk import Desk
from tradebot.jobs.steps.halts import current_halts
from tradebot.settings.alert_model import DailySummary


def raise_summary(desk: Desk, report: ReportOutcome, attachment: Callable[[str], str]) -> bool:
    """Raise the summary of the report's session, as DAILY_SUMMARY says; whether it was raised.

    A report on a period that is over has none.

    attachment: keeps a page for mail under a name that it is given, and returns the name, "" for none. Called only
    for a summary that is raised.
    """
    wanted, session = desk.settings.daily_summary, report.session
    if wanted is DailySummary.OFF or session is None or report.last != session:
        return False
    outbox, key = desk.ledger.outbox, f"summary:{session}"
    if outbox.has(key):
        return False
    newest = outbox.newest_summary()
    jobs = _untold(desk, session, new_york_date(newest.raised_at) if newest else session)
    summary = daily_summary(report, session, current_halts(desk, session), jobs)
    if wanted is DailySummary.CHANGES and not summary.is_news:
        return False
    page = attachment(f"report-{session}.html") if desk.settings.daily_summary_html else ""
    desk.alerts.send("summary", summary.title, summary.text, key=key, attachment=page)
    return True


def _untold(desk: Desk, session: date, told: date) -> list[SessionJob]:
    """The jobs of the session without the report at work, and of the sessions before it since the newest summary.

    Where a person begins the sessions, what he left out is no news to him.
    """
    known = {JobStatus.MISSED, JobStatus.OVERDUE} if desk.schedule_clock is ScheduleClock.EXCHANGE else set()
    jobs = [each for each in desk.job_schedule().session_jobs() if each.mark not in known]
    own = [each for each in jobs if each.session == session and each.job is not Job.REPORT]
    return [*(each for each in jobs if told < each.session < session), *own]
