"""tradebot diff"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.commands import listing as lists
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from tradebot.core.results.diff_run import DiffRun
    from tradebot.reports.run_header import RunHeader
    from tradebot.settings import GlobalOptions


@decorator.command(
    "diff",
    writes="nothing; with --scheduled its run, an alert of what is unexplained, the log files. It waits for no job.",
    examples=(
        "tradebot diff",
        "tradebot diff 2007-01-05 --full",
        "tradebot diff --from 2007-01-03 --to 2007-01-31 --json",
    ),
    ends_with=(
        ExitCode.BREAKS,
        ExitCode.BLOCKED,
        ExitCode.BROKER,
        ExitCode.LEDGER,
        ExitCode.DEGRADED,
    ),
)
def command(
    options: GlobalOptions,
    session: Annotated[
        datetime | None,
        typer.Argument(
            formats=["%Y-%m-%d"],
            metavar="[SESSION]",
            help="Such as 2007-01-05; without one, the newest that is over.",
            show_default=False,
        ),
    ] = None,
    first: lists.FromOption = None,
    last: lists.ToOption = None,
    full: Annotated[bool, typer.Option("--full", help="Show what agrees, too.")] = False,
    scheduled: decorator.ScheduledOption = False,
) -> ExitCode:
    """Compare what was traded with the backtest of the same session.

    The backtest begins with the account as the session opened it, and decides over the same bars, parameters and
    limits. Signals, plans, fills, exits and stops stand side by side. Each difference has its cause: bars that were
    revised, the price at the decision, slippage, a partial fill, a halt, the broker, a person's order, a run that was
    missed. Where none of them explains one, the command ends with 7.
    """
    from tradebot.commands import render
    from tradebot.core.results.listings import check_span
    from tradebot.reports.pages.diff import diff_page

    if session and (first or last):
        raise UsageError("SESSION, and --from with --to, exclude each other: name one session, or a span.")
    if last and not first:
        raise UsageError("--to says where the span ends: say with --from where it begins.")
    if scheduled and (session or first):
        raise UsageError("--scheduled compares the newest session: it goes with no other.")
    check_span(first, last)
    outcome, header = _as_job(options) if scheduled else _look(options, session or first, session or last)
    return render.finish(options, header, outcome, lambda final, where: diff_page(final, where, full=full))


def _as_job(options: GlobalOptions) -> tuple[DiffRun, RunHeader]:
    from tradebot.commands import open_desk
    from tradebot.core.model.schedule import Job
    from tradebot.jobs import diff
    from tradebot.runtime.session_diff import diff_session

    with open_desk.desk_for(options, Job.DIFF, scheduled=True) as opened:
        return diff.run(opened.desk, diff_session), opened.context


def _look(options: GlobalOptions, first: datetime | None, last: datetime | None) -> tuple[DiffRun, RunHeader]:
    from tradebot.commands import render
    from tradebot.jobs import diff
    from tradebot.runtime.open_look import open_look
    from tradebot.runtime.session_diff import diff_session
    from tradebot.settings import process_environment

    days = (first.date() if first else None, last.date() if last else None)
    with open_look(options, process_environment(), asks_strategies=True) as opened:
        render.begin(options, "diff", opened.context, opened.loaded.warnings)
        return diff.look(opened.desk, *days, diff_session), opened.context
