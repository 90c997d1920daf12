"""tradebot rebuild"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "rebuild",
    writes="the history of the account anew; the one before stays in the ledger, and a ledger's file that is damaged "
    "stays beside it under another name. Writes the log files; sends nothing to the broker.",
    examples=("tradebot rebuild",),
    ends_with=(ExitCode.HALTED, ExitCode.BREAKS, ExitCode.BLOCKED, ExitCode.BROKER, ExitCode.LOCKED, ExitCode.LEDGER),
)
def command(
    options: GlobalOptions, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
) -> ExitCode:
    """Make a fresh ledger from what the broker knows.

    For a ledger that is lost or damaged, and no backup at hand. Orders are recovered by their ids, then everything the
    broker did is booked from the beginning, as far back as it tells; positions get the stop and target that rest for
    them. What only the ledger knew is said and stays lost. Nothing of the old ledger is deleted, and what
    other accounts have in it is not touched.
    """
    from tradebot.commands import confirm, open_desk, render
    from tradebot.jobs import rebuild as job
    from tradebot.reports.pages.checks import rebuild_page
    from tradebot.runtime.homes import configuration
    from tradebot.runtime.rebuild import open_rebuild

    if not yes:
        old = configuration(options).settings.ledger
        confirm.confirm(options, f"Make the history of the account anew? What {old} has now is kept.")
    with open_rebuild(options) as rebuild:
        open_desk.start_logs(rebuild.loaded, rebuild.desk.clock.wall())
        render.begin(options, "rebuild", rebuild.context, rebuild.loaded.warnings)
        outcome = job.run(rebuild.desk, rebuild.previous, rebuild.kept)
    return render.finish(options, rebuild.context, outcome, rebuild_page)
