"""tradebot run-daily"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradebot.commands import decorator
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions

#: The exit codes of a command that trades.
TRADING = (
    ExitCode.HALTED,
    ExitCode.BLOCKED,
    ExitCode.BROKER,
    ExitCode.BREAKS,
    ExitCode.LOCKED,
    ExitCode.LEDGER,
    ExitCode.DEGRADED,
)


@decorator.command(
    "run-daily",
    writes="intents, orders, fills, decisions and denials into the ledger, the log files; sends orders to the broker. "
    "Makes the home when there is none.",
    examples=(
        "tradebot run-daily",
        "tradebot run-daily --home demo --json",
    ),
    ends_with=TRADING,
)
def command(options: GlobalOptions, scheduled: decorator.ScheduledOption = False) -> ExitCode:
    """Trade the session, once.

    Settles and compares with the broker, looks at halts and loss limits, leaves positions that are to be left, asks the
    strategies, plans within the limits, sends the orders and waits a bounded time for their fills, proves that every
    position has its stop, and reports what was done. A second run in one session, and any run while the exchange is
    closed, sends nothing and ends with 0.
    """
    from tradebot.commands import open_desk, render
    from tradebot.core.model.schedule import Job
    from tradebot.jobs import run_daily
    from tradebot.reports.pages import trading

    with open_desk.desk_for(options, Job.RUN_DAILY, scheduled=scheduled) as opened:
        outcome = run_daily.run(opened.desk)
    return render.finish(options, opened.context, outcome, trading.page)
