"""The option --all of commands that act: the same command in every home of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tradebot.errors import ExitCode
    from tradebot.settings import GlobalOptions

AllHomesOption = Annotated[
    bool,
    typer.Option("--all", help="In every home of this machine at once; one that cannot be reached is told, with 9."),
]


def act_in_all_homes(options: GlobalOptions, name: str, *arguments: str) -> ExitCode:
    """Run a command with its arguments in every home, and tell what became of it in each."""
    from tradebot.commands import render
    from tradebot.reports.pages.all_homes import all_homes_page
    from tradebot.runtime.in_all_homes import run_in_all_homes

    outcome = run_in_all_homes(options, name, *arguments)
    return render.show_result(
        options,
        name,
        all_homes_page(name, outcome),
        code=outcome.exit_code,
        headline=outcome.headline,
        homes=outcome.homes,
        unknown=outcome.unknown,
    )
