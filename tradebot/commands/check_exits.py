"""tradebot check-exits"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradebot.commands import decorator
from tradebot.commands.run_daily import TRADING
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "check-exits",
    writes="orders, fills and raised stops into the ledger, the log files; sends exits and stops to the broker, "
    "never an entry.",
    examples=("tradebot check-exits",),
    ends_with=TRADING,
)
def command(options: GlobalOptions, scheduled: decorator.ScheduledOption = False) -> ExitCode:
    """Look after what is held, during the session.

    Settles and compares with the broker, raises trailing stops (replaced, never cancelled first), leaves positions by
    time and by signal, and puts back any stop that is missing. While the exchange is closed it does nothing and ends
    with 0.
    """
    from tradebot.commands import open_desk, render
    from tradebot.core.model.schedule import Job
    from tradebot.jobs import check_exits
    from tradebot.reports.pages import trading

    with open_desk.desk_for(options, Job.CHECK_EXITS, scheduled=scheduled) as opened:
        outcome = check_exits.run(opened.desk)
    return render.finish(options, opened.context, outcome, trading.page)
