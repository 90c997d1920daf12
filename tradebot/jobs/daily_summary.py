"""The summary of a session: raised as an alert by the scheduled report, once, and delivered as any other.

A report raises it before its run ends. One that was cut off leaves it to the next job, which makes it by the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeAlias

from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.daily_summary import daily_summary
from tradebot.core.results.report_outcome import ReportOutcome
from tradebot.core.results.report_periods import AskedPeriod, Period
from tradebot.core.safety.schedule_status import JobStatus, ScheduleClock, SessionJob
from tradebot.jobs import report
from tradebot.jobs.desk import Desk
from tradebot.jobs.ledger_desk import LedgerDesk
from tradebot.jobs.steps.halts import current_halts
from tradebot.jobs.steps.left_out_summary import is_wanted, summary_key
from tradebot.jobs.steps.period_figures import PeriodPrices
from tradebot.settings.alert_model import DailySummary

#: Keeps a page for mail under a name that it is given, and returns the name, "" for none.
KeepPage: TypeAlias = Callable[[str], str]


def raise_summary(desk: Desk, outcome: ReportOutcome, attachment: KeepPage) -> bool:
    """Raise the summary of the report's session, as DAILY_SUMMARY says; whether it was raised.

    A report on a period that is over has none. ``attachment`` is called only for a summary that is raised.
    """
    session = outcome.session
    if session is None or outcome.last != session or not is_wanted(desk, session):
        return False
    return _raise(desk, outcome, session, attachment, at_work=True)


def raise_late(
    desk: Desk, session: date, prices: PeriodPrices, attachment: Callable[[ReportOutcome], KeepPage]
) -> bool:
    """Raise the summary of a session that is over, by what is stored; whether it was raised."""
    stored = LedgerDesk(
        settings=desk.settings,
        ledger=desk.ledger,
        calendar=desk.calendar,
        strategies=desk.strategies,
        latch=desk.latch,
        pending_stops=(),
        now=desk.clock.now(),
        schedule=desk.job_schedule(),
    )
    outcome = report.run_over(stored, AskedPeriod(Period.SPAN, first=session, last=session), prices)
    return _raise(desk, outcome, session, attachment(outcome), at_work=False)


def _raise(desk: Desk, outcome: ReportOutcome, session: date, attachment: KeepPage, *, at_work: bool) -> bool:
    newest = desk.ledger.outbox.newest_summary()
    jobs = _untold(desk, session, new_york_date(newest.raised_at) if newest else session, at_work=at_work)
    diff = next(desk.ledger.runs.newest(Job.DIFF, (RunStatus.RAN,), 1), None)
    untold = diff if diff and (newest is None or diff.started_at > newest.raised_at) else None
    summary = daily_summary(outcome, session, current_halts(desk, session), jobs, untold)
    if desk.settings.daily_summary is DailySummary.CHANGES and not summary.is_news:
        return False
    page = attachment(f"report-{session}.html") if desk.settings.daily_summary_html else ""
    desk.alerts.send("summary", summary.title, summary.text, key=summary_key(session), attachment=page)
    return True


def _untold(desk: Desk, session: date, told: date, *, at_work: bool) -> list[SessionJob]:
    """The jobs of the session and of the sessions before it since the newest summary.

    Where a person begins the sessions, what he left out is no news to him. at_work: the session's report is at work.
    """
    known = {JobStatus.MISSED, JobStatus.OVERDUE} if desk.schedule_clock is ScheduleClock.EXCHANGE else set()
    jobs = [each for each in desk.job_schedule().session_jobs() if each.mark not in known]
    own = [each for each in jobs if each.session == session and not (at_work and each.job is Job.REPORT)]
    return [*(each for each in jobs if told < each.session < session), *own]
