"""tradebot explain"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.commands import listing as lists
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions

DateOption = Annotated[
    datetime | None,
    typer.Option(
        "--date", formats=["%Y-%m-%d"], metavar="DATE", help="The session (default: the newest).", show_default=False
    ),
]


@decorator.command(
    "explain",
    writes="nothing.",
    examples=(
        "tradebot explain AAPL",
        "tradebot explain AAPL --date 2007-01-05",
        "tradebot explain --today",
        "tradebot explain AAPL --from 2007-01-03  # a line a session",
    ),
    ends_with=(ExitCode.LEDGER,),
)
def command(
    options: GlobalOptions,
    symbol: Annotated[
        str | None, typer.Argument(metavar="[SYMBOL]", help="Such as AAPL; without one, all.", show_default=False)
    ] = None,
    on_date: DateOption = None,
    today: Annotated[bool, typer.Option("--today", help="The newest session, a line for each symbol.")] = False,
    first: lists.FromOption = None,
    last: lists.ToOption = None,
) -> ExitCode:
    """Say why something was done with a symbol, and why not.

    Five answers for a session: why it was bought, why it was sold, why it was not bought (with what each strategy saw),
    what splits and dividends did, and what protects the shares. What an earlier version did not store is told as not
    recorded. It reads the ledger alone: it asks no broker and waits for no job.
    """
    from tradebot.commands import open_desk, render
    from tradebot.core.results.listings import check_day, check_span, read_symbol
    from tradebot.jobs import explain
    from tradebot.reports.pages.explain import explain_page

    ticker = read_symbol(symbol)
    is_span = first is not None or last is not None
    if ticker is None and (is_span or not (today or on_date)):
        raise UsageError("Name a SYMBOL, such as AAPL, or ask for --today or a --date, which tell of all symbols.")
    if (today and on_date) or (is_span and (today or on_date)):
        raise UsageError("--today, --date, and --from with --to exclude each other: ask for one of them.")
    check_span(first, last)
    day = on_date.date() if on_date else None
    check_day(day, "--date")
    with open_desk.ledger_for(options, "explain") as opened:
        if ticker is None:
            outcome = explain.story(opened.desk, day)
        elif is_span:
            outcome = explain.span(opened.desk, ticker, first.date() if first else None, last.date() if last else None)
        else:
            outcome = explain.run(opened.desk, ticker, day)
    return render.finish(options, opened.context, outcome, explain_page)
