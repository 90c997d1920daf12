"""tradebot positions"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradebot.commands import decorator
from tradebot.commands import listing as lists
from tradebot.commands.accounts import AllAccountsOption, show_all_accounts
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "positions",
    writes="nothing, or with --csv the file.",
    examples=(
        "tradebot positions",
        "tradebot positions --strategy rsi2_mean_reversion",
        "tradebot positions --csv positions.csv",
        "tradebot positions --all",
    ),
    ends_with=(ExitCode.BLOCKED, ExitCode.INCOMPLETE, ExitCode.BROKER, ExitCode.LEDGER),
)
def command(
    options: GlobalOptions,
    symbol: lists.SymbolOption = None,
    strategy: lists.StrategyOption = None,
    first: lists.FromOption = None,
    last: lists.ToOption = None,
    limit: lists.LimitOption = None,
    csv: lists.CsvOption = None,
    force: decorator.ForceOption = False,
    every: AllAccountsOption = False,
) -> ExitCode:
    """List what is held, the newest first.

    Ours and foreign shares with the last price, profit or loss, the stop, the distance to it, and what is lost if it
    fills at its price. When the broker is out of reach, the positions of the newest look at the account are shown,
    with its time, and the command ends with 6. With --all: those of every account, as its ledger knew them last.
    """
    from functools import partial

    from tradebot.commands import open_desk, render
    from tradebot.core.model.schedule import Job
    from tradebot.core.results.position_lines import PositionLine
    from tradebot.jobs import positions
    from tradebot.reports.pages.all_accounts import all_positions_page
    from tradebot.reports.pages.listings import positions_page

    if every:
        if symbol or strategy or first or last or csv:
            raise UsageError("--all lists every position: it goes with no other choice")
        return show_all_accounts(options, "positions", all_positions_page)
    chosen = lists.selection(options, symbol, strategy, first, last, limit, csv)
    file = lists.csv_path(csv, PositionLine, options, force=force)
    ask, recall = partial(positions.run, chosen=chosen), partial(positions.recall, chosen=chosen)
    found, context, code = open_desk.ask_or_recall(options, Job.POSITIONS, ask, recall)
    lists.write_csv(file, PositionLine, found.rows)
    return render.show_result(
        options,
        "positions",
        positions_page(found),
        code=code,
        header=context,
        positions=found.rows,
        more=found.more,
        notes=found.notes,
        known_at=found.known_at,
        trouble=found.trouble,
    )
