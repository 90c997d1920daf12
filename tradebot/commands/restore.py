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
    writes="the history of this home's accounts as it is in the backup; the history before stays in the ledger, and a "
    "ledger's file that is damaged stays beside it under another name.",
    examples=("tradebot restore backups/trading_robot.db",),
    ends_with=(ExitCode.LOCKED, ExitCode.LEDGER),
)
def command(
    options: GlobalOptions,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `tradebot backup` made.")],
    over_newer: Annotated[
        bool,
        typer.Option("--over-newer", help="Go back though the ledger has newer history of an account, which is kept."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> ExitCode:
    """Go back to the history in a backup.

    The backup is verified first, and has to be the newest history of this home: one that is older than what the home
    wrote last is refused, because orders sent since would be unknown (`tradebot rebuild` makes a ledger from what the
    broker knows). So is one that lacks what another home wrote of an account, without --over-newer. What other accounts
    have in the ledger is not touched. Refuses while anything runs. A folder that was never a home becomes one.
    """
    from tradebot.commands import confirm, render
    from tradebot.core.model.account_numbers import shown_key
    from tradebot.reports.layout import Line, Tone
    from tradebot.reports.run_header import home_opening
    from tradebot.runtime.backup import restore
    from tradebot.runtime.homes import configuration

    settings = configuration(options).settings
    database = settings.ledger
    if not yes:
        confirm.confirm(
            options, f"Take the history of this home's accounts from {file}? What {database} has now is kept."
        )
    done = restore(options, file, over_newer=over_newer)
    page = (
        *home_opening(settings.home, ("database", str(database))),
        Line(f"verified and restored: {done.copy.path}", Tone.GOOD),
        *(Line(f"account {shown_key(account)}") for account in done.accounts),
        Line(done.kept_text),
        Line("next: `tradebot reconcile` compares it with the broker", Tone.QUIET),
    )
    return render.show_result(options, "restore", page, backup=done.copy, kept=done.kept, accounts=done.accounts)
