"""tradebot reconcile"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradebot.commands import frame
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@frame.command(
    "reconcile",
    writes="fills, settled orders and breaks into the ledger, the log files; sends nothing to the broker.",
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
def command(options: GlobalOptions) -> ExitCode:
    """Compare the ledger with the broker.

    Settles orders whose outcome is open, books what the broker did since, and compares intents, fills and positions as
    a union of all three. Every difference is a break: it is stored, aged, and locks its symbol for entries until gone.
    """
    from tradebot.commands import render, work
    from tradebot.core.schedule import Job
    from tradebot.jobs import reconcile
    from tradebot.reports.pages.checking import reconcile_page

    with work.office(options, Job.RECONCILE) as office:
        outcome = reconcile.run(office.desk)
    return render.finish(options, office.where, outcome, reconcile_page)
