"""tradebot init-db"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "init-db",
    writes="the home folder, the ledger's database and, with BROKER=paper, the embedded exchange, where they are not "
    "there yet.",
    examples=(
        "tradebot init-db --home ~/tradebot",
        "tradebot init-db --join  # the ledger of other homes",
    ),
    ends_with=(ExitCode.BLOCKED, ExitCode.BROKER, ExitCode.LOCKED, ExitCode.LEDGER),
)
def command(
    options: GlobalOptions,
    join: Annotated[
        bool, typer.Option("--join", help="Join the ledger of other homes, with an account of this home's own.")
    ] = False,
    account: Annotated[
        str | None,
        typer.Option("--account", metavar="ID", help="With --join: trade this account, which another home trades too."),
    ] = None,
) -> ExitCode:
    """Make a home, or bring the database of one up to date.

    It never empties anything: in a home that is there already, what is in it stays. Homes may share a ledger that lies
    outside them: each has accounts of its own there, and joins once with --join. With DATABASE_ADMIN_URL it makes the
    tables of a PostgreSQL ledger and grants the rights of its roles. A home whose state folder was lost
    does not join again: it is told what to do.
    """
    from tradebot.commands import render
    from tradebot.reports.layout import Line, Tone
    from tradebot.reports.run_header import opening
    from tradebot.runtime.homes import Joining
    from tradebot.runtime.init_home import init_home

    if account is not None and not join:
        raise UsageError("--account goes with --join: it names an account that another home of the ledger trades.")
    header, fresh = init_home(options, Joining(account) if join else None)
    done = "made a new home" if fresh else "the home was there already; its database is up to date"
    page = (*opening(header), Line(done, Tone.GOOD))
    return render.show_result(options, "init-db", page, header=header, made=fresh)
