"""tradebot emergency-stop"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import frame
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@frame.command(
    "emergency-stop",
    writes="the latch file, before anything else, and the log files; cancels and, if asked, closes at the broker. "
    "It needs neither the lock nor the ledger.",
    ends_with=(ExitCode.INCOMPLETE, ExitCode.BROKER, ExitCode.DEGRADED),
)
def command(
    options: GlobalOptions,
    close_positions: Annotated[
        bool, typer.Option("--close-positions", help="Also close every position that the bot opened.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the halt.")] = "stopped by hand",
) -> ExitCode:
    """Stop everything, now.

    Latches a halt, cancels every order of the bot's that could open or add, closes its positions if asked (or keeps
    and re-arms their stops), looks until the broker has shown it twice, and says truthfully what is left. Orders and
    shares that people made by hand are counted and left alone. The halt holds until `tradebot resume`.
    """
    from tradebot import runtime
    from tradebot.commands import render, work
    from tradebot.jobs import emergency_stop
    from tradebot.reports.pages.standing import stop_page

    with runtime.open_stop_desk(options, reason) as (desk, where, loaded):
        work.start_logs(loaded, desk.clock.wall())
        render.begin(options, "emergency-stop", where, loaded.warnings)
        closing = close_positions or loaded.settings.emergency_close_positions
        outcome = emergency_stop.run(desk, close_positions=closing)
    return render.finish(options, where, outcome, stop_page)
