"""tradebot replay"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tradebot.commands import decorator, listing
from tradebot.commands.progress import progress_bar
from tradebot.commands.run_daily import TRADING
from tradebot.core.model.values import plural
from tradebot.errors import ExitCode, TradebotError, UsageError

if TYPE_CHECKING:
    from tradebot.runtime.replay_course import BegunReplay
    from tradebot.settings import GlobalOptions


@decorator.command(
    "replay",
    writes="what the jobs it runs write, and the log files; orders go to the embedded exchange only. Makes the home "
    "when there is none.",
    examples=(
        "tradebot replay --home demo --sessions 250",
        "tradebot replay --home demo --from 2007-01-03 --to 2007-12-31",
        "tradebot replay --home demo --sessions 250 --on-halt resume",
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
    first: listing.FromOption = None,
    last: listing.ToOption = None,
    on_halt: Annotated[
        Literal["stop", "continue", "resume"],
        typer.Option("--on-halt", help="At a halt: stop after its session, continue under it, or resume those that "
                     "jobs of this replay set (any other stops it)."),
    ] = "continue",
) -> ExitCode:  # fmt: skip
    """Walk the schedule through past sessions.

    Runs the real jobs (preflight, run-daily, check-exits, reconcile, report) of each session in one process, and ends
    with the report. Give --sessions or --to, each with or without --from. After ^C the same command goes on where it
    stopped; one that has finished begins anew. It ends with 0 when the jobs could do their work, whatever they met on
    the way, and with 4 where a halt stopped it.
    """
    from tradebot.commands import open_desk, render
    from tradebot.core.model.schedule import Job
    from tradebot.core.results.listings import check_span
    from tradebot.home.replay_record import Asked
    from tradebot.jobs import replay
    from tradebot.jobs.replay_halts import OnHalt
    from tradebot.reports.daily_series import returns_by_month
    from tradebot.reports.pages.report import replay_page
    from tradebot.reports.statistics import by_key, statistics
    from tradebot.reports.streams import tell
    from tradebot.runtime.replay_course import begin_replay

    if (sessions is None) == (last is None):
        raise UsageError("give either --sessions N or --to DATE, each with or without --from DATE.")
    check_span(first, last)
    asked = Asked(sessions, first.date() if first else None, last.date() if last else None)
    with open_desk.desk_for(options, Job.REPLAY, durable=False, start=asked.first) as opened:
        begun = begin_replay(opened, asked, OnHalt(on_halt))
        if begun.note:
            tell(begun.note)
        with _how_to_go_on(begun) as note_session, progress_bar("replay", shown=not options.json) as show_session:

            def progress(session: date, done: int, total: int) -> None:
                note_session(done)
                show_session(session, done, total)

            outcome = replay.run(opened.desk, opened.exchange, begun.course, progress)
            if outcome.exit_code is not ExitCode.HALTED:
                begun.finish()
    figures = statistics(outcome.report) if outcome.report else ()
    return render.finish(
        options,
        opened.context,
        outcome,
        lambda final, header: replay_page(final, header, figures),
        statistics=by_key(figures),
        monthly_returns=returns_by_month(outcome.report) if outcome.report else {},
    )


@contextmanager
def _how_to_go_on(begun: BegunReplay) -> Iterator[Callable[[int], None]]:
    """Add how far the replay is to the error that ends it. Yields the function that takes the sessions done."""
    done = begun.course.done

    def note(count: int) -> None:
        nonlocal done
        done = count

    try:
        yield note
    except TradebotError as error:
        error.add_note(f"{done} of {plural(begun.course.asked, 'session')} are done; the same command goes on there")
        raise
