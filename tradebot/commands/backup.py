"""tradebot backup"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import ExitCode, NotDue

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "backup",
    writes="one file into BACKUP_DIR or --to, removes the oldest there beyond BACKUP_KEEP.",
    examples=(
        "tradebot backup",
        "tradebot backup --to /mnt/usb/tradebot",
    ),
    ends_with=(ExitCode.LEDGER,),
)
def command(
    options: GlobalOptions,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Put it here instead of BACKUP_DIR.", show_default=False)
    ] = None,
    scheduled: decorator.ScheduledOption = False,
) -> ExitCode:
    """Copy the ledger to a safe place, and prove the copy.

    It may run beside whatever is at work. The copy shows the ledger as it stood at one moment, is opened again and
    verified row by row. A ledger that is not sound makes no backup and removes none. Put the folder on another disk, or
    let your own backup take it along.
    """
    from tradebot.commands import render
    from tradebot.reports.layout import Line, Tone
    from tradebot.reports.run_header import home_opening
    from tradebot.runtime.backup import back_up, why_not_due

    if scheduled and (why := why_not_due(options, to)):
        raise NotDue(why)
    done = back_up(options, to)
    page = (
        *home_opening(done.home, ("database", str(done.database))),
        Line(f"backed up and verified: {done.copy.path} ({done.copy.size / 2**20:.1f} MiB)", Tone.GOOD),
        *(Line(f"removed: {path}", Tone.QUIET) for path in done.dropped),
    )
    return render.show_result(options, "backup", page, backup=done.copy, at=done.at, dropped=done.dropped)
