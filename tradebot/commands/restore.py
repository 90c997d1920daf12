"""tradebot restore"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "restore",
    writes="the backup in the ledger's place; the ledger before it is kept beside it under another name.",
    examples=("tradebot restore backups/trading_robot.db",),
    ends_with=(ExitCode.LOCKED, ExitCode.LEDGER),
)
def command(
    options: GlobalOptions,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `tradebot backup` made.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> ExitCode:
    """Put a backup in the ledger's place.

    The backup is verified first, and has to be the newest history of this home: one that is older than what the home
    wrote last is refused, because orders sent since would be unknown (`tradebot rebuild` makes a ledger from what the
    broker knows). Refuses while anything runs. A folder that was never a home becomes one.
    """
    from tradebot.commands import confirm, render
    from tradebot.reports.layout import Line, Tone
    from tradebot.reports.run_header import home_opening
    from tradebot.runtime.backup import restore
    from tradebot.runtime.homes import configuration

    settings = configuration(options).settings
    database = settings.ledger
    if not yes:
        confirm.confirm(options, f"Put {file} in the place of {database}, which is kept beside it?")
    done = restore(options, file)
    kept = f"the ledger before it is kept: {done.kept}" if done.kept else "there was no ledger before it"
    page = (
        *home_opening(settings.home, ("database", str(database))),
        Line(f"verified and restored: {done.copy.path}", Tone.GOOD),
        Line(kept),
        Line("next: `tradebot reconcile` compares it with the broker", Tone.QUIET),
    )
    return render.show_result(options, "restore", page, backup=done.copy, kept=done.kept)
