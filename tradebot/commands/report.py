"""tradebot report"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tradebot.commands import decorator
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.core.results.report_outcome import ReportOutcome
    from tradebot.reports.run_header import RunHeader
    from tradebot.settings import GlobalOptions


@decorator.command(
    "report",
    writes="the run and its outcome into the ledger, the log files, with --csv five files, and with --html and "
    "--quantstats one each.",
    examples=(
        "tradebot report",
        "tradebot report --period month",
        "tradebot report --period all --csv figures",
        "tradebot report --period all --html report.html",
    ),
    ends_with=(ExitCode.BLOCKED, ExitCode.BROKER, ExitCode.LEDGER, ExitCode.DEGRADED),
)
def command(
    options: GlobalOptions,
    period: Annotated[
        Literal["day", "week", "month", "all"],
        typer.Option("--period", help="The period that ends with the newest session."),
    ] = "day",
    csv: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            metavar="DIR",
            help="Also write equity.csv, trades.csv, fills.csv, positions.csv and denials.csv to DIR.",
            show_default=False,
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE",
            help="Also write the report with charts as one HTML file, to read, print or send.",
            show_default=False,
        ),
    ] = None,
    quantstats: Annotated[
        Path | None,
        typer.Option(
            "--quantstats",
            metavar="FILE",
            help="Also let QuantStats write its page there, if it is installed.",
            show_default=False,
        ),
    ] = None,
    force: decorator.ForceOption = False,
    scheduled: decorator.ScheduledOption = False,
) -> ExitCode:
    """Report a day, a week, a month or everything.

    Trades, win rate, P&L and profit factor, in all and by strategy; the textbook statistics, each with its convention,
    against the S&P 500 over the same sessions; open positions with their stops; denials by code.
    """
    from tradebot.commands import logging_setup, open_desk, render
    from tradebot.core.model.schedule import Job
    from tradebot.core.results.report_outcome import Period
    from tradebot.jobs import report
    from tradebot.jobs.daily_summary import raise_summary
    from tradebot.reports.csv_files import csv_paths, write_csv
    from tradebot.reports.html_report.report import html_path, report_html, write_html
    from tradebot.reports.pages.report import report_page
    from tradebot.reports.quantstats_page import quantstats_path, write_quantstats
    from tradebot.reports.statistics import by_key, statistics
    from tradebot.reports.streams import tell
    from tradebot.runtime.homes import configuration

    files = csv_paths(csv, configuration(options), force=force) if csv is not None else ()
    page_file = html_path(html, configuration(options), force=force) if html is not None else None
    other_file = quantstats_path(quantstats, configuration(options), force=force) if quantstats is not None else None
    with open_desk.desk_for(options, Job.REPORT, scheduled=scheduled) as opened:
        is_of_schedule = not opened.desk.job_schedule().why_not_due(Job.REPORT)  # by hand too: none comes after it
        outcome = report.run(opened.desk, Period(period))
        if is_of_schedule:
            raise_summary(opened.desk, outcome, lambda name: _page_for_mail(outcome, opened.context, name))
    if files:
        write_csv(outcome, files)
        tell("\n".join(f"written: {path}" for path in files))
    figures = statistics(outcome)
    if page_file:
        write_html(page_file, report_html(outcome, opened.context, figures, logging_setup.redact))
        tell(f"written: {page_file}")
    if other_file:
        write_quantstats(outcome, other_file)
        tell(f"written: {other_file}")
    return render.finish(
        options,
        opened.context,
        outcome,
        lambda final, header: report_page(final, header, figures),
        statistics=by_key(figures),
    )


def _page_for_mail(outcome: ReportOutcome, where: RunHeader, name: str) -> str:
    """Keep the report as an HTML page under ``name``. Returns the name, "" where that fails: the mail goes without."""
    import logging

    from tradebot.commands import logging_setup
    from tradebot.home.attachments import keep_attachment
    from tradebot.reports.html_report.report import report_html
    from tradebot.reports.statistics import statistics

    try:
        html = report_html(outcome, where, statistics(outcome), logging_setup.redact)
    except Exception:
        logging.getLogger(__name__).exception("the page for the summary's mail could not be made")
        return ""
    return keep_attachment(where.home, name, html)
