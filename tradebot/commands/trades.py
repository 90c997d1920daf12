"""tradebot trades"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.commands import listing as lists
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "trades",
    writes="nothing, or with --csv the file.",
    examples=(
        "tradebot trades",
        "tradebot trades --symbol AAPL --from 2007-01-01 --to 2007-12-31",
        "tradebot trades --open  # what is held now, and what was earned of it so far",
        "tradebot trades --csv trades.csv",
    ),
    ends_with=(ExitCode.LEDGER,),
)
def command(
    options: GlobalOptions,
    symbol: lists.SymbolOption = None,
    strategy: lists.StrategyOption = None,
    first: lists.FromOption = None,
    last: lists.ToOption = None,
    only_open: Annotated[bool, typer.Option("--open", help="Those that are open instead.")] = False,
    limit: lists.LimitOption = None,
    csv: lists.CsvOption = None,
    force: decorator.ForceOption = False,
) -> ExitCode:
    """List the round trips, newest first.

    A round trip of one strategy in one symbol goes from flat to flat, however many fills go in and out: shares, average
    prices, profit or loss after fees, and why it ended. The totals are those of all that match. It reads the ledger
    alone: it asks no broker and waits for no job.
    """
    from tradebot.commands import open_desk, render
    from tradebot.core.results.listings import TradeLine
    from tradebot.jobs import trades
    from tradebot.reports.pages.listings import trades_page

    chosen = lists.selection(options, symbol, strategy, first, last, limit, csv, only_open=only_open)
    file = lists.csv_path(csv, TradeLine, options, force=force)
    with open_desk.ledger_for(options, "trades") as opened:
        found = trades.run(opened.desk, chosen)
    lists.write_csv(file, TradeLine, found.rows)
    return render.show_result(
        options,
        "trades",
        trades_page(found),
        header=opened.context,
        trades=found.rows,
        totals=found.totals,
        more=found.more,
        notes=found.notes,
    )
