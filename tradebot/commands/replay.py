"""tradebot replay"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.commands.explain import FirstOption, LastOption
from tradebot.commands.run_daily import TRADING
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from tradebot.runtime.open_desk import OpenDesk
    from tradebot.settings import GlobalOptions


@decorator.command(
    "replay",
    writes="what the jobs it runs write, and the log files; orders go to the embedded exchange only. Makes the home "
    "when there is none.",
    examples=(
        "tradebot replay --home demo --sessions 250",
        "tradebot replay --home demo --from 2007-01-03 --to 2007-12-31",
    ),
    ends_with=TRADING,
)
def command(
    options: GlobalOptions,
    sessions: Annotated[
        int | None,
        typer.Option("--sessions", min=1, metavar="N", help="How many sessions, the present or --from first.",
                     show_default=False),
    ] = None,
    first: FirstOption = None,
    last: LastOption = None,
) -> ExitCode:  # fmt: skip
    """Walk the schedule through past sessions.

    Runs the real jobs (preflight, run-daily, check-exits, reconcile, report) of each session in one process, and ends
    with the report. Give --sessions or --to, each with or without --from. After ^C the same command goes on where it
    stopped. It ends with 0 when the jobs could do their work, whatever they met on the way.
    """
    from tradebot.commands import open_desk, render
    from tradebot.core.model.schedule import Job
    from tradebot.jobs import replay
    from tradebot.reports.pages.report import replay_page
    from tradebot.reports.statistics import by_key, statistics

    if (sessions is None) == (last is None):
        raise UsageError("give either --sessions N or --to DATE, each with or without --from DATE.")
    if first and last and first > last:
        raise UsageError("--from is after --to.")
    begin, end = first.date() if first else None, last.date() if last else None
    with open_desk.desk_for(options, Job.REPLAY, durable=False, start=begin) as opened:
        days = _sessions(opened, sessions, begin, end)
        with _progress_bar(shown=not options.json) as on_progress:
            outcome = replay.run(opened.desk, opened.exchange, days, on_progress)
    figures = statistics(outcome.report) if outcome.report else ()
    return render.finish(
        options,
        opened.context,
        outcome,
        lambda final, header: replay_page(final, header, figures),
        statistics=by_key(figures),
    )


def _sessions(opened: OpenDesk, count: int | None, first: date | None, last: date | None) -> list[date]:
    """The sessions to replay, beginning at the exchange's session or at ``first`` if that is later.

    Raises UsageError for sessions before the account's first one, and for more than the prices have.
    """
    exchange = opened.exchange.status()
    calendar = opened.desk.calendar
    begun = _first_session(opened, exchange.session)
    if first is not None and (missed := calendar.between(first, begun)[:-1]):
        raise UsageError(
            f"this account began at {begun} and cannot go back to {missed[0].session}. "
            "Leave --from out to go on, or use another --home."
        )
    if last is not None and not exchange.session <= last <= exchange.last_session:
        raise UsageError(
            f"the exchange stands at {exchange.session} and its prices end at {exchange.last_session}: "
            "give --to a date from the one to the other."
        )
    begin = max(exchange.session, first or exchange.session)
    days = [hours.session for hours in calendar.between(begin, last or exchange.last_session)]
    if len(days) < (count or 1):
        raise UsageError(f"only {len(days)} sessions are left until the prices end at {exchange.last_session}.")
    return days[:count]


def _first_session(opened: OpenDesk, present: date) -> date:
    """The account's first session: the first with a recorded equity, else the present one."""
    recorded = opened.desk.ledger.history.closing_equity()
    return recorded[0].session if recorded else present


@contextmanager
def _progress_bar(*, shown: bool) -> Iterator[Callable[[date, int, int], None]]:
    """A progress bar with the time left, on standard error if that is a terminal. Yields the function to update it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not (shown and console.is_terminal)) as bar:
        task = bar.add_task("replay", total=None)

        def update(session: date, done: int, total: int) -> None:
            bar.update(task, description=str(session), completed=done, total=total)

        yield update
