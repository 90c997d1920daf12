"""tradebot jobs"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradebot.commands import decorator
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "jobs",
    writes="nothing.",
    examples=("tradebot jobs", "tradebot jobs --json"),
    ends_with=(ExitCode.LEDGER,),
)
def command(options: GlobalOptions) -> ExitCode:
    """Show the jobs of the newest session.

    When each is due, whether it ran, is late or was missed, and what its run said and ended with. It reads the ledger
    alone: it asks no broker and waits for no job.
    """
    from tradebot.commands import open_desk, render
    from tradebot.jobs import session_jobs
    from tradebot.reports.pages.risk import jobs_page
    from tradebot.runtime.api_shapes import jobs_fields

    with open_desk.ledger_for(options, "jobs") as opened:
        found = session_jobs.run(opened.desk)
    return render.show_result(options, "jobs", jobs_page(found), header=opened.context, **jobs_fields(found))
