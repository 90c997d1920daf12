"""tradebot emergency-stop"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.commands.in_all_homes import AllHomesOption, act_in_all_homes
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from tradebot.runtime.emergency_stop import StopOptions
    from tradebot.settings import GlobalOptions

_BY_HAND = "stopped by hand"


@decorator.command(
    "emergency-stop",
    writes="the latch file, before anything else, a journal of what it did beside it, and the log files; cancels and, "
    "if asked, closes at the broker. It needs neither the lock nor the ledger.",
    examples=(
        "tradebot emergency-stop  # cancel what could open or add; stops stay",
        'tradebot emergency-stop --close-positions --reason "strategy gone wrong"',
        "tradebot emergency-stop --keep-positions  # sell nothing, whatever is set",
        "tradebot emergency-stop --all  # in every home",
        "tradebot emergency-stop --dry-run  # show it, do nothing",
    ),
    ends_with=(ExitCode.BLOCKED, ExitCode.INCOMPLETE, ExitCode.BROKER),
)
def command(
    options: GlobalOptions,
    close_positions: Annotated[
        bool, typer.Option("--close-positions", help="Also close every position that the bot opened.")
    ] = False,
    keep_positions: Annotated[
        bool,
        typer.Option("--keep-positions", help="Close none, though EMERGENCY_CLOSE_POSITIONS is true; stops stay."),
    ] = False,
    include_foreign: Annotated[
        bool, typer.Option("--include-foreign", help="Treat orders and positions that people made as the bot's own.")
    ] = False,
    account: Annotated[
        str | None,
        typer.Option(
            "--account", metavar="ID", help="Stop this account, though the pin or the settings say otherwise."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done; latch, cancel and send nothing.")
    ] = False,
    drill: Annotated[
        bool,
        typer.Option(
            "--drill", help="Rehearse it all on a copy of the home and of its embedded exchange, or one made for it."
        ),
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the halt.")] = _BY_HAND,
    every: AllHomesOption = False,
) -> ExitCode:
    """Stop everything, now.

    Latches a halt, cancels every order of the bot's that could open or add, closes its positions if asked (or keeps
    and re-arms their stops), and sends again what did not take until the broker has shown twice that it is done, for
    up to EMERGENCY_SHUTDOWN_TIMEOUT seconds. It ends with 0 only then, and with 9 and what is left otherwise. Without
    --close-positions and --keep-positions, EMERGENCY_CLOSE_POSITIONS decides. A job at work enters nothing more; the
    stop waits until it has ended. Orders and shares that people made by hand are left alone. The halt holds until
    `tradebot resume`. It may be run again at any time.
    """
    from tradebot.runtime.emergency_stop import StopOptions

    began = time.perf_counter()
    if close_positions and keep_positions:
        raise UsageError("--close-positions and --keep-positions exclude each other")
    if drill:
        if dry_run or every or account is not None:
            raise UsageError("--drill goes with none of --dry-run, --all and --account: it touches a copy, no account")
        if keep_positions:
            raise UsageError("--drill does not go with --keep-positions: it rehearses the closing")
        return _drill(options)
    if every:
        if account is not None:
            raise UsageError("--account names one account, and --all stops those of every home")
        chosen = {
            "--close-positions": close_positions,
            "--keep-positions": keep_positions,
            "--include-foreign": include_foreign,
            "--dry-run": dry_run,
        }
        names = [name for name, is_chosen in chosen.items() if is_chosen]
        return act_in_all_homes(options, "emergency-stop", *names, "--reason", reason.strip() or _BY_HAND)
    stopping = StopOptions(
        reason.strip() or _BY_HAND, account=account, dry_run=dry_run, began=began, say=_print_progress
    )
    asked = True if close_positions else False if keep_positions else None
    return _stop(options, stopping, close_positions=asked, include_foreign=include_foreign)


def _stop(
    options: GlobalOptions, stopping: StopOptions, *, close_positions: bool | None, include_foreign: bool
) -> ExitCode:
    from tradebot.runtime.emergency_stop import open_stop_desk

    with open_stop_desk(options, stopping) as (desk, header, loaded):  # latches; the imports below come after that
        from tradebot.jobs.emergency_stop import run as emergency_stop

        closing = loaded.settings.emergency_close_positions if close_positions is None else close_positions
        started = None
        if not stopping.dry_run:
            started = emergency_stop.begin(desk, close_positions=closing, include_foreign=include_foreign)

        from tradebot.commands import open_desk, render
        from tradebot.reports.pages.emergency_stop import stop_page

        if not stopping.dry_run:
            open_desk.start_logs(loaded, desk.clock.wall())
        render.begin(options, "emergency-stop", header, loaded.warnings)
        if started is None:
            outcome = emergency_stop.dry_run(desk, close_positions=closing, include_foreign=include_foreign)
        else:
            outcome = emergency_stop.finish(started)
    return render.finish(options, header, outcome, stop_page)


def _drill(options: GlobalOptions) -> ExitCode:
    from tradebot.commands import render
    from tradebot.reports.pages.emergency_stop import drill_page
    from tradebot.runtime.stop_drill import run_drill

    drill = run_drill(options)
    code = ExitCode.OK if drill.passed else ExitCode.INCOMPLETE
    return render.show_result(options, "emergency-stop", drill_page(drill), code=code, drill=drill)


def _print_progress(line: str) -> None:
    from tradebot.commands.logging_setup import redact
    from tradebot.reports.streams import tell

    tell(redact(line))
