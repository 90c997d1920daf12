"""The day's summary: raised by the scheduled report before its run ends, else by the next job."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from tradebot.errors import ExitCode, TradebotError

if TYPE_CHECKING:
    from tradebot.core.results.report_outcome import ReportOutcome
    from tradebot.reports.run_header import RunHeader
    from tradebot.runtime.open_desk import OpenDesk


def with_summary(opened: OpenDesk, outcome: ReportOutcome) -> ReportOutcome:
    """Raise the day's summary. Where that fails, the report is shown all the same, and ends with DEGRADED."""
    from tradebot.core.results.outcomes import FailureLine
    from tradebot.jobs.daily_summary import raise_summary

    try:
        raise_summary(opened.desk, outcome, partial(_page_for_mail, outcome, opened.context))
    except TradebotError as error:
        failure = FailureLine("summary", f"the summary of the session could not be raised: {error}")
        return replace(outcome, codes=outcome.codes | {ExitCode.DEGRADED}, failures=(*outcome.failures, failure))
    return outcome


def raise_left_out(opened: OpenDesk) -> None:
    """Raise the summary of a report that was cut off before it had. A failure is logged: the next job tries again."""
    from tradebot.jobs.steps.left_out_summary import left_out

    try:
        session = left_out(opened.desk)
        if session is None:
            return
        from tradebot.jobs.daily_summary import raise_late
        from tradebot.runtime.past_prices import past_prices

        with past_prices(opened.loaded.settings, opened.desk.calendar) as prices:
            raise_late(opened.desk, session, prices, lambda outcome: partial(_page_for_mail, outcome, opened.context))
    except TradebotError as error:
        logging.getLogger(__name__).warning("the summary of a report that was cut off could not be raised: %s", error)


def _page_for_mail(outcome: ReportOutcome, where: RunHeader, name: str) -> str:
    """Keep the report as an HTML page under ``name``. Returns the name, "" where that fails: the mail goes without."""
    from tradebot.commands import logging_setup
    from tradebot.home.attachments import keep_attachment
    from tradebot.reports.html_report.report import report_html
    from tradebot.reports.statistics import statistics

    try:
        html = report_html(outcome, where, statistics(outcome), logging_setup.redact)
    except Exception:  # whatever fails there, the mail goes without the page
        logging.getLogger(__name__).exception("the page for the summary's mail could not be made")
        return ""
    return keep_attachment(where.home, name, html)
