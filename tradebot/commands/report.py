"""tradebot report"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from tradebot.commands import decorator
from tradebot.commands.accounts import AllAccountsOption, show_all_accounts
from tradebot.commands.listing import FromOption, ToOption
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradebot.core.results.report_outcome import ReportOutcome
    from tradebot.core.results.report_periods import AskedPeriod
    from tradebot.reports.run_header import RunHeader
    from tradebot.reports.statistics import Figure
    from tradebot.settings import GlobalOptions

PeriodName = Literal["day", "week", "month", "quarter", "year", "ytd", "all"]
PeriodOption = Annotated[
    PeriodName | None,
    typer.Option("--period", help="The period that holds the newest session.  [default: day]", show_default=False),
]
PreviousOption = Annotated[
    bool, typer.Option("--previous", help="The period before: yesterday's session, last month, last year.")
]
ReviewOption = Annotated[
    Literal["week", "year"] | None,
    typer.Option(
        "--review",
        help="The weekly review or the yearly self-assessment: what to look at, and questions to answer.",
        show_default=False,
    ),
]
CsvOption = Annotated[
    Path | None,
    typer.Option(
        "--csv",
        metavar="DIR",
        help="Also write equity.csv, bridge.csv, trades.csv, fills.csv, costs.csv and five more to DIR.",
        show_default=False,
    ),
]
HtmlOption = Annotated[
    Path | None,
    typer.Option(
        "--html",
        metavar="FILE",
        help="Also write the report with charts as one HTML file, to read, print or send.",
        show_default=False,
    ),
]
QuantstatsOption = Annotated[
    Path | None,
    typer.Option(
        "--quantstats",
        metavar="FILE",
        help="Also let QuantStats write its page there, if it is installed.",
        show_default=False,
    ),
]


@decorator.command(
    "report",
    writes="the run and its outcome into the ledger (nothing for a period that is over), the log files, with --csv "
    "ten files, and with --html and --quantstats one each.",
    examples=(
        "tradebot report",
        "tradebot report --period month --previous",
        "tradebot report --from 2007-01-01 --to 2007-06-30",
        "tradebot report --review week --previous",
        "tradebot report --period all --csv figures",
        "tradebot report --period all --html report.html",
        "tradebot report --all",
    ),
    ends_with=(ExitCode.BLOCKED, ExitCode.INCOMPLETE, ExitCode.BROKER, ExitCode.LEDGER, ExitCode.DEGRADED),
)
def command(
    options: GlobalOptions,
    period: PeriodOption = None,
    previous: PreviousOption = False,
    first: FromOption = None,
    last: ToOption = None,
    review: ReviewOption = None,
    csv: CsvOption = None,
    html: HtmlOption = None,
    quantstats: QuantstatsOption = None,
    force: decorator.ForceOption = False,
    scheduled: decorator.ScheduledOption = False,
    every: AllAccountsOption = False,
) -> ExitCode:
    """Report a day, a month, a year or any other span.

    Trades, win rate, P&L and profit factor, in all, by strategy, symbol and month; the textbook statistics, each with
    its convention, against the S&P 500 over the same sessions; slippage and commissions; how far each limit was used;
    open positions with their stops; denials, halts and what broke. A period that is over asks no broker.
    On the embedded exchange it moves the clock to its time of day, 16:15, as each job does: run it after check-exits.
    With --all: the newest session of every account and its sums, as the ledgers knew it last.
    """
    from tradebot.commands import render
    from tradebot.core.results.review import review_of
    from tradebot.reports.daily_series import returns_by_month
    from tradebot.reports.pages.all_accounts import all_report_page
    from tradebot.reports.pages.report import report_page
    from tradebot.reports.pages.review import review_page
    from tradebot.reports.statistics import by_key, statistics

    if every:
        if period or previous or first or last or review or csv or html or quantstats or scheduled:
            raise UsageError("--all tells the newest session of every account: it goes with no other choice")
        return show_all_accounts(options, "report", all_report_page)
    if html is not None and html == quantstats:
        raise UsageError("--html and --quantstats name the same file.")
    if review and (period or first or last):
        raise UsageError("--review says the period itself: it goes with --previous, not with --period, --from or --to.")
    asked = _asked(review or period, first, last, previous=previous, scheduled=scheduled)
    files = _files(options, csv, html, quantstats, force=force)
    every_row = bool(files.csv)
    outcome, header = _of_ledger(options, asked, every_row=every_row) or _of_desk(
        options, asked, scheduled=scheduled, every_row=every_row
    )
    figures = statistics(outcome)
    _write(files, outcome, header, figures)
    found = review_of(outcome) if review else None
    return render.finish(
        options,
        header,
        outcome,
        lambda final, where: review_page(final, where, found, figures) if found else report_page(final, where, figures),
        statistics=by_key(figures),
        monthly_returns=returns_by_month(outcome),
        review=found,
    )


class _Files(NamedTuple):
    """The files to write beside the page."""

    csv: tuple[Path, ...]  # none without --csv
    html: Path | None
    quantstats: Path | None


def _files(
    options: GlobalOptions, csv: Path | None, html: Path | None, quantstats: Path | None, *, force: bool
) -> _Files:
    """The files that the options name. Raises UsageError for one that is there or cannot be written."""
    from tradebot.reports.csv_files import csv_paths
    from tradebot.reports.html_report.report import html_path
    from tradebot.reports.quantstats_page import quantstats_path
    from tradebot.settings import load_without_keys

    loaded = load_without_keys(options)
    return _Files(
        csv_paths(csv, loaded, force=force) if csv is not None else (),
        html_path(html, loaded, force=force) if html is not None else None,
        quantstats_path(quantstats, loaded, force=force) if quantstats is not None else None,
    )


def _write(files: _Files, outcome: ReportOutcome, header: RunHeader, figures: Sequence[Figure]) -> None:
    """Write the files, and tell each."""
    from tradebot.commands import logging_setup
    from tradebot.reports.csv_files import write_csv
    from tradebot.reports.html_report.report import report_html, write_html
    from tradebot.reports.quantstats_page import write_quantstats
    from tradebot.reports.streams import tell

    if files.csv:
        write_csv(outcome, files.csv)
        tell("\n".join(f"written: {path}" for path in files.csv))
    if files.html:
        write_html(files.html, report_html(outcome, header, figures, logging_setup.redact))
        tell(f"written: {files.html}")
    if files.quantstats:
        write_quantstats(outcome, files.quantstats)
        tell(f"written: {files.quantstats}")


def _asked(
    period: PeriodName | None, first: datetime | None, last: datetime | None, *, previous: bool, scheduled: bool
) -> AskedPeriod:
    """What the options ask for. Raises UsageError for options that do not go together."""
    from tradebot.core.results.report_periods import read_period

    if scheduled and (previous or last):
        raise UsageError("--scheduled goes with a period that holds the newest session, not with one that is over.")
    days = (first.date() if first else None, last.date() if last else None)
    return read_period(period, *days, previous=previous, prefix="--")


def _of_ledger(
    options: GlobalOptions, asked: AskedPeriod, *, every_row: bool
) -> tuple[ReportOutcome, RunHeader] | None:
    """The report of a period that is over, by the ledger alone; None for one that lasts."""
    if not asked.may_be_over:
        return None
    from tradebot.commands import render
    from tradebot.jobs import report
    from tradebot.runtime.open_ledger import open_ledger_desk
    from tradebot.runtime.past_prices import past_prices

    with open_ledger_desk(options) as opened:
        if not report.is_over(opened.desk, asked):
            return None
        render.begin(options, "report", opened.context, opened.loaded.warnings)
        with past_prices(opened.loaded.settings, opened.desk.calendar) as prices:
            return report.run_over(opened.desk, asked, prices, every_row=every_row), opened.context


def _of_desk(
    options: GlobalOptions, asked: AskedPeriod, *, scheduled: bool, every_row: bool
) -> tuple[ReportOutcome, RunHeader]:
    """The report as a job, which asks the broker. The run that the schedule wants raises the day's summary."""
    from functools import partial

    from tradebot.commands import daily_summary, open_desk
    from tradebot.core.model.schedule import Job
    from tradebot.jobs import report

    with open_desk.desk_for(options, Job.REPORT, scheduled=scheduled) as opened:
        is_of_schedule = not opened.desk.job_schedule().why_not_due(Job.REPORT)  # by hand too: none comes after it
        closing = partial(daily_summary.with_summary, opened) if is_of_schedule else None
        return report.run(opened.desk, asked, every_row=every_row, closing=closing), opened.context
