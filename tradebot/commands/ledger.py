"""tradebot ledger copy"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "ledger copy",
    writes="the whole ledger into --to, and into the ledger here that its accounts live there.",
    examples=(
        "tradebot ledger copy --to postgresql://tradebot@db.example/tradebot",
        "tradebot ledger copy --to sqlite:////srv/tradebot/ledger.db",
        "tradebot ledger copy --reopen  # the jobs there are stopped",
    ),
    ends_with=(ExitCode.LOCKED, ExitCode.LEDGER),
)
def copy(
    options: GlobalOptions,
    to: Annotated[
        str, typer.Option("--to", metavar="URL", help="The place, as DATABASE_URL names one.", show_default=False)
    ] = "",
    reopen: Annotated[bool, typer.Option("--reopen", help="Let the accounts live in this ledger again.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> ExitCode:
    """Move the ledger to another place: from a file to a server, or back.

    Every row is copied and compared, then the chains are verified, and then the ledger here is closed: each job of an
    account that lives elsewhere ends with 10 and names the place. Set DATABASE_URL to it afterwards. A command that is
    cut short leaves the ledger here open, and there nothing or the whole copy: run it again. It refuses while anything
    runs. In a ledger that homes share, the accounts of the others move too: each is named before you are asked.
    """
    from tradebot.commands import confirm, render
    from tradebot.core.model.account_numbers import shown_key
    from tradebot.reports.layout import Line, Tone
    from tradebot.reports.run_header import home_opening
    from tradebot.runtime.ledger_copy import copy_ledger, other_homes, reopen_ledger
    from tradebot.settings.field_types import InvalidValue
    from tradebot.settings.ledger_location import LedgerServer
    from tradebot.settings.url_fields import DatabaseUrl

    if bool(to) == reopen:
        raise UsageError("Give either --to with a place, or --reopen.")
    if reopen:
        if not yes:
            confirm.confirm(options, "Let the accounts live in this ledger again? No job may run on the copy any more.")
        done = reopen_ledger(options)
        said = "the accounts live here again"
    else:
        try:
            place = DatabaseUrl().read(to)
        except InvalidValue as error:
            raise UsageError(f"--to: {error}") from error
        if isinstance(place, LedgerServer) and (place.password or "password=" in to):
            raise UsageError(
                "--to: a password on the command line stands in the list of processes. Leave it out, and keep it in "
                "the file that PGPASSFILE names."
            )
        if not yes:
            told = "".join(
                f" Account {shown_key(account)} is traded by {', '.join(homes)} too, and is closed there."
                for account, homes in other_homes(options).items()
            )
            confirm.confirm(options, f"Copy the ledger to {place}, and close every account in it here?{told}")
        done = copy_ledger(options, place)
        said = f"copied and verified; the accounts live there now: {done.place}"
    in_each = ", in each of these homes" if done.others else ""
    page = (
        *home_opening(done.home, ("database", done.here)),
        *(Line(f"account {shown_key(account)}{_traded_by(done.others.get(account, ()))}") for account in done.accounts),
        Line(said, Tone.GOOD),
        *([] if reopen else [Line(f"next: set DATABASE_URL to that place{in_each}", Tone.QUIET)]),
    )
    return render.show_result(
        options,
        "ledger copy",
        page,
        place=done.place,
        heads=done.heads,
        accounts=done.accounts,
        others=done.others,
        reopened=reopen,
    )


def _traded_by(homes: Sequence[str]) -> str:
    """The other homes that trade an account, for people."""
    return f", which {', '.join(homes)} trades too" if homes else ""


commands = (copy,)
