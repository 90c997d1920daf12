"""tradebot rebuild"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import frame
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@frame.command(
    "rebuild",
    writes="a fresh ledger in the place of the old one, which is kept beside it under another name, the log files; "
    "sends nothing to the broker.",
    ends_with=(ExitCode.HALTED, ExitCode.BREAKS, ExitCode.BLOCKED, ExitCode.BROKER, ExitCode.LOCKED, ExitCode.LEDGER),
)
def command(
    options: GlobalOptions, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
) -> ExitCode:
    """Make a fresh ledger from what the broker knows.

    For a ledger that is lost or damaged, and no backup at hand. Orders are recovered by their ids, then everything the
    broker did is booked from the beginning, as far back as it tells; positions get the stop and target that rest for
    them. What only the ledger knew is said and stays lost. The old file is never deleted.
    """
    from tradebot import runtime
    from tradebot.commands import asking, render, work
    from tradebot.jobs import rebuilding
    from tradebot.reports.pages.checking import rebuild_page
    from tradebot.runtime.rebuilding import open_rebuild

    if not yes:
        old = runtime.configuration(options).settings.database_path
        asking.confirm(options, f"Put a fresh ledger in the place of {old}, which is kept beside it?")
    with open_rebuild(options) as rebuild:
        work.start_logs(rebuild.loaded, rebuild.desk.clock.wall())
        render.begin(options, "rebuild", rebuild.where, rebuild.loaded.warnings)
        outcome = rebuilding.run(rebuild.desk, rebuild.remembered, rebuild.kept)
    return render.finish(options, rebuild.where, outcome, rebuild_page)
