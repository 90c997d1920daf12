"""tradebot accounts, and the option --all of commands that look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradebot.core.results.account_lines import AllAccounts
    from tradebot.reports.layout import Page
    from tradebot.settings import GlobalOptions

AllAccountsOption = Annotated[
    bool,
    typer.Option("--all", help="Every account of every known home and its ledger, added up. Asks no broker."),
]


@decorator.command(
    "accounts",
    writes="nothing; --forget-home the list of homes, and into a shared ledger what it forgot and why.",
    examples=(
        "tradebot accounts",
        "tradebot accounts --json",
        'tradebot accounts --forget-home /srv/old --reason "closed the account"',
    ),
    ends_with=(ExitCode.INCOMPLETE, ExitCode.LEDGER),
)
def command(
    options: GlobalOptions,
    forget: Annotated[
        str,
        typer.Option(
            "--forget-home",
            metavar="DIR",
            help="Forget a home of this machine whose folder you deleted; needs --reason.",
            show_default=False,
        ),
    ] = "",
    reason: Annotated[
        str,
        typer.Option("--reason", help="Why; kept in the audit trail where the ledger is shared.", show_default=False),
    ] = "",
) -> ExitCode:
    """List the accounts of every known home and its ledger.

    Each with its number (masked where it is secret), the homes that trade it and their machines, its halts and its
    last run. Homes are known by the list of this user and by the ledgers that they share. A home or ledger that is
    known and cannot be read is named, and the command ends with 9.

    A home that you deleted is missing until --forget-home takes it off the list and takes its accounts from it in the
    ledgers of the others. The rows of its accounts stay, and so does what they hold at the broker.
    """
    from tradebot.reports.pages.all_accounts import accounts_page
    from tradebot.runtime.forget_home import forget_home

    if bool(forget) != bool(reason.strip()):
        raise UsageError("--forget-home and --reason belong together: say which home, and why.")
    if forget:
        forget_home(options, Path(forget), reason.strip())
    return show_all_accounts(options, "accounts", accounts_page)


def show_all_accounts(options: GlobalOptions, name: str, page: Callable[[AllAccounts], Page]) -> ExitCode:
    """Show every account, and what they add up to."""
    from tradebot.commands import render
    from tradebot.runtime.all_accounts import all_accounts

    found = all_accounts(options)
    return render.show_result(
        options,
        name,
        page(found),
        code=found.exit_code,
        accounts=found.accounts,
        totals_by_mode=found.totals,
        exposure=found.exposure,
        missing=found.missing,
    )
