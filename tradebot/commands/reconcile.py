"""tradebot reconcile"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "reconcile",
    writes="fills, settled orders and breaks into the ledger, with --accept an adjustment too, the log files; sends "
    "nothing to the broker.",
    examples=(
        "tradebot reconcile",
        'tradebot reconcile --accept AAPL --reason "sold ten by hand"',
    ),
    ends_with=(
        ExitCode.BREAKS,
        ExitCode.HALTED,
        ExitCode.BLOCKED,
        ExitCode.BROKER,
        ExitCode.LOCKED,
        ExitCode.LEDGER,
        ExitCode.DEGRADED,
    ),
)
def command(
    options: GlobalOptions,
    accept: Annotated[
        str | None,
        typer.Option(
            "--accept",
            metavar="SYMBOL",
            help="Make the ledger explain the broker's figure for this symbol (USD: for the cash).",
        ),
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Why the broker's figure is right; kept in the audit trail.")
    ] = None,
    scheduled: decorator.ScheduledOption = False,
) -> ExitCode:
    """Compare the ledger with the broker.

    Settles orders whose outcome is open, books what the broker did since, and compares intents, fills and positions as
    a union of all three. Every difference is a break: it is stored, aged, and locks its symbol for entries until gone.
    With --accept and --reason, one difference in shares, average price or cash is settled by an adjustment of the
    ledger: shares that were not known become foreign, shares that are gone end no round trip.
    """
    from tradebot.commands import open_desk, render
    from tradebot.core.model.schedule import Job
    from tradebot.jobs import reconcile, reconcile_accept
    from tradebot.reports.pages.checks import reconcile_page

    symbol, why = (accept or "").strip().upper(), (reason or "").strip()
    if accept is not None and not symbol:
        raise UsageError("--accept names no symbol. Give the one with the break, or USD for the cash.")
    if bool(symbol) != bool(why):
        raise UsageError("--accept and --reason belong together: say which figure of the broker is right, and why.")
    with open_desk.desk_for(options, Job.RECONCILE, scheduled=scheduled, by_hand=bool(symbol)) as opened:
        outcome = reconcile_accept.run(opened.desk, symbol, why) if symbol else reconcile.run(opened.desk)
    return render.finish(options, opened.context, outcome, reconcile_page)
