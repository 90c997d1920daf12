"""The Typer app: all commands, and the global options before a command."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.completion import completion_init  # type: ignore[attr-defined]  # typer's own modules use it from here

from tradebot import __version__
from tradebot.commands import (
    accounts,
    adopt,
    alerts,
    auth,
    backtest,
    backup,
    check_exits,
    completion,
    config,
    data,
    diff,
    emergency_stop,
    explain,
    export,
    fills,
    halt,
    help,
    incident,
    init,
    init_db,
    jobs,
    ledger,
    metrics,
    orders,
    paper,
    positions,
    preflight,
    rebuild,
    reconcile,
    replay,
    report,
    restore,
    resume,
    risk,
    run_daily,
    schedule,
    serve,
    status,
    strategies,
    sweep,
    take_over,
    trades,
    verify,
)
from tradebot.commands.decorator import Command, remember_options
from tradebot.commands.quick_options import QuickCommand, QuickGroup
from tradebot.errors import ExitCode

ABOUT = """Trade US stocks by short commands that a schedule starts.

Each command loads the settings, asks the broker for the truth, decides, writes down what it is about to do, does it,
checks that it happened, and ends with an exit code. Without any configuration it trades real prices of the past on the
embedded exchange, with play money. Global options may stand before or after the command.
"""


def _show_version(requested: bool) -> None:
    if requested:
        typer.echo(f"tradebot {__version__}")
        raise typer.Exit


_VERSION = inspect.Parameter(
    "version",
    inspect.Parameter.KEYWORD_ONLY,
    default=False,
    annotation=Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and end.")
    ],
)


def _group(about: str, commands: Sequence[Command], *extra: inspect.Parameter) -> typer.Typer:
    group = typer.Typer(
        cls=QuickGroup,
        callback=remember_options(about, *extra),
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    for command in commands:
        group.command(command.name, cls=QuickCommand, help=command.help)(command.callback)
    return group


app = _group(
    ABOUT,
    (
        preflight.command,
        run_daily.command,
        check_exits.command,
        reconcile.command,
        diff.command,
        adopt.command,
        accounts.command,
        report.command,
        status.command,
        risk.command,
        jobs.command,
        metrics.command,
        positions.command,
        orders.command,
        trades.command,
        fills.command,
        explain.command,
        export.command,
        incident.command,
        emergency_stop.command,
        halt.command,
        resume.command,
        serve.command,
        take_over.command,
        replay.command,
        backtest.command,
        sweep.command,
        verify.command,
        rebuild.command,
        backup.command,
        restore.command,
        init.command,
        init_db.command,
        help.command,
        completion.command,
    ),
    _VERSION,
)
app.add_typer(_group("Word to the operator.", alerts.commands), name="alerts")
app.add_typer(_group("The session with a broker that has no keys: Robinhood.", auth.commands), name="auth")
app.add_typer(_group("The embedded exchange, by hand.", paper.commands), name="paper")
app.add_typer(_group("The settings of a home.", config.commands), name="config")
app.add_typer(_group("The place of the ledger.", ledger.commands), name="ledger")
app.add_typer(_group("Price files of your own.", data.commands), name="data")
app.add_typer(_group("What starts the jobs: cron and its like.", schedule.commands), name="schedule")
app.add_typer(_group("The strategies that there are.", strategies.commands), name="strategies")

completion_init()  # Typer makes the shells known only for its own option to install a script


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line, by default that of the process, and return the exit code."""
    typed = sys.argv[1:] if arguments is None else list(arguments)
    try:
        app(args=typed, prog_name="tradebot")
    except SystemExit as end:
        if isinstance(end.__context__, typer.TyperException) and "--json" in typed:
            _print_usage_error(end.__context__)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _print_usage_error(error: typer.TyperException) -> None:
    """Print the JSON object of a command line that Typer refused. Typer has printed its message on standard error."""
    from tradebot.reports.json_output import failure_json
    from tradebot.reports.streams import emit

    emit(failure_json("tradebot", ExitCode.USAGE, error.format_message()))
