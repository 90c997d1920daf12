"""tradebot fills"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.commands import listing as lists
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "fills",
    writes="nothing, or with --csv the file.",
    examples=(
        "tradebot fills",
        "tradebot fills --symbol AAPL --from 2007-01-01 --to 2007-12-31",
        "tradebot fills --open  # of what is held now",
        "tradebot fills --csv fills.csv",
    ),
    ends_with=(ExitCode.LEDGER,),
)
def command(
    options: GlobalOptions,
    symbol: lists.SymbolOption = None,
    strategy: lists.StrategyOption = None,
    first: lists.FromOption = None,
    last: lists.ToOption = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only fills of round trips that are open.")] = False,
    limit: lists.LimitOption = None,
    csv: lists.CsvOption = None,
    force: decorator.ForceOption = False,
) -> ExitCode:
    """List what was bought and sold, newest first.

    When, at which price and fee, and by which strategy. Beside the price stands the planned one: the price at the
    decision; of a stop or target its own price. It reads the ledger alone: it asks no broker and waits for no job.
    """
    from tradebot.commands import open_desk, render
    from tradebot.core.results.listings import FillLine
    from tradebot.jobs import fills
    from tradebot.reports.pages.listings import fills_page

    chosen = lists.selection(options, symbol, strategy, first, last, limit, csv, only_open=only_open)
    file = lists.csv_path(csv, FillLine, options, force=force)
    with open_desk.ledger_for(options, "fills") as opened:
        found = fills.run(opened.desk, chosen)
    lists.write_csv(file, FillLine, found.rows)
    return render.show_result(
        options,
        "fills",
        fills_page(found),
        header=opened.context,
        fills=found.rows,
        more=found.more,
        notes=found.notes,
    )
