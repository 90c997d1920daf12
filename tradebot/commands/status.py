"""tradebot status"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradebot.commands import decorator
from tradebot.commands.accounts import AllAccountsOption, show_all_accounts
from tradebot.errors import AuthNeeded, BrokerUnavailable, ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "status",
    writes="nothing.",
    examples=(
        "tradebot status",
        "tradebot status --full",
        "tradebot status --all",
        "tradebot status --json",
    ),
    ends_with=(ExitCode.BLOCKED, ExitCode.INCOMPLETE, ExitCode.BROKER, ExitCode.LEDGER, ExitCode.DEGRADED),
)
def command(options: GlobalOptions, full: decorator.FullOption = False, every: AllAccountsOption = False) -> ExitCode:
    """Show how the account stands now.

    What needs you first; then the account, positions with their stops and the distance to them, the dollars lost if
    every stop fills at its price, and today's jobs. With --full also the jobs of the last sessions, the last run of
    each job, and today's counters against the limits. It ends with 0 when it could look, whatever it saw. When the
    broker is out of reach, it shows the halts, and account and positions as known last, and ends with 6; with 5 where
    the session with the broker is over. With --all it adds up what every ledger knew last, by paper and real money.
    """
    from functools import partial

    from tradebot.commands import open_desk, render
    from tradebot.core.model.schedule import Job
    from tradebot.jobs import status
    from tradebot.reports.pages.all_accounts import all_status_page
    from tradebot.reports.pages.status import status_page

    if every:
        return show_all_accounts(options, "status", all_status_page)
    page = partial(status_page, full=full)
    try:
        with open_desk.desk_for(options, Job.STATUS) as opened:
            outcome, context = status.run(opened.desk, opened.lock_holder), opened.context
    except (AuthNeeded, BrokerUnavailable) as error:
        with open_desk.ledger_after(options, "status", error) as stored:
            outcome, context = status.recall(stored.desk, str(error), error.exit_code), stored.context
    return render.finish(options, context, outcome, page)
