"""tradebot orders"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.commands import listing as lists
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "orders",
    writes="nothing, or with --csv the file.",
    examples=(
        "tradebot orders",
        "tradebot orders --open  # what rests at the broker",
        "tradebot orders --symbol AAPL --from 2007-01-01",
    ),
    ends_with=(ExitCode.BLOCKED, ExitCode.BROKER, ExitCode.LEDGER),
)
def command(
    options: GlobalOptions,
    symbol: lists.SymbolOption = None,
    strategy: lists.StrategyOption = None,
    first: lists.FromOption = None,
    last: lists.ToOption = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that may still fill.")] = False,
    limit: lists.LimitOption = None,
    csv: lists.CsvOption = None,
    force: decorator.ForceOption = False,
) -> ExitCode:
    """List the orders, newest first.

    Those that the bot sent, the legs of its brackets, and foreign ones: what was ordered, what became of it, and why.
    The broker tells which are open. When it is out of reach, the orders that were open in the newest look at the
    account are shown, with its time, and the command ends with 6.
    """
    from functools import partial

    from tradebot.commands import open_desk, render
    from tradebot.core.model.schedule import Job
    from tradebot.core.results.listings import ListedOrder
    from tradebot.jobs import orders
    from tradebot.reports.pages.listings import orders_page

    chosen = lists.selection(options, symbol, strategy, first, last, limit, csv, only_open=only_open)
    file = lists.csv_path(csv, ListedOrder, options, force=force)
    ask, recall = partial(orders.run, chosen=chosen), partial(orders.recall, chosen=chosen)
    found, context, code = open_desk.ask_or_recall(options, Job.ORDERS, ask, recall)
    lists.write_csv(file, ListedOrder, found.rows)
    return render.show_result(
        options,
        "orders",
        orders_page(found),
        code=code,
        header=context,
        orders=found.rows,
        more=found.more,
        notes=found.notes,
        known_at=found.known_at,
        trouble=found.trouble,
    )
