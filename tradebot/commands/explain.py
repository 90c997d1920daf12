"""tradebot explain"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions

FirstOption = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="First session.", show_default=False),
]
LastOption = Annotated[
    datetime | None,
    typer.Option("--to", formats=["%Y-%m-%d"], metavar="DATE", help="Last session.", show_default=False),
]


@decorator.command(
    "explain",
    writes="nothing.",
    examples=(
        "tradebot explain AAPL",
        "tradebot explain AAPL --from 2007-01-03",
    ),
    ends_with=(ExitCode.LEDGER,),
)
def command(
    options: GlobalOptions,
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Such as AAPL.")],
    first: FirstOption = None,
    last: LastOption = None,
) -> ExitCode:
    """Say why something was done with a symbol, and why not.

    Every decision and denial about it with the numbers that were compared, and the position held in it. It reads the
    ledger alone: it asks no broker and waits for no job.
    """
    from tradebot.commands import open_desk, render
    from tradebot.core.model.order_ids import SYMBOL
    from tradebot.jobs import explain
    from tradebot.reports.pages.checks import explain_page

    ticker = symbol.upper()
    if not SYMBOL.fullmatch(ticker):
        raise UsageError(f"{symbol!r} is not a symbol. Write it like AAPL or BRK.B.")
    if first and last and first > last:
        raise UsageError("--from is after --to.")
    with open_desk.ledger_for(options, "explain") as opened:
        outcome = explain.run(opened.desk, ticker, first.date() if first else None, last.date() if last else None)
    return render.finish(options, opened.context, outcome, explain_page)
