"""tradebot halt"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.commands.in_all_homes import AllHomesOption, act_in_all_homes
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "halt",
    writes="the latch file, at once; the next job takes it into the ledger, which is told at once where homes share it."
    " Sends nothing.",
    examples=(
        'tradebot halt --reason "away for two weeks"',
        'tradebot halt --symbol AAPL --reason "earnings tomorrow"',
        'tradebot halt --all --reason "away for two weeks"  # in every home',
    ),
    ends_with=(ExitCode.INCOMPLETE,),
)
def command(
    options: GlobalOptions,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the halt.")],
    strategy: Annotated[
        str | None, typer.Option("--strategy", metavar="NAME", help="Only what this strategy enters.")
    ] = None,
    symbol: Annotated[
        str | None, typer.Option("--symbol", metavar="SYMBOL", help="Only what is entered into this symbol.")
    ] = None,
    reducing: Annotated[
        bool, typer.Option("--reducing", help="Call it REDUCING, for a planned pause, instead of HALTED.")
    ] = False,
    every: AllHomesOption = False,
) -> ExitCode:
    """Let nothing more be entered, and cancel nothing.

    Latches a halt of the account, of one strategy or of one symbol, without lock, ledger or broker: a job that is at
    work sees it before its next order. Exits and stops go on. `tradebot emergency-stop` also cancels and closes;
    `tradebot resume` ends it, with the same --strategy or --symbol. It holds for the account of the settings, and for
    every account of the home where the settings or the ledger cannot tell which that is. Other hosts that share the
    ledger are told through it, within two seconds; where that fails the code is 9, and they have to be told by hand.
    """
    from tradebot.commands import render
    from tradebot.core.model.halts import HaltLevel
    from tradebot.jobs.steps.halts import halt_by_hand
    from tradebot.reports.pages.status import halt_page
    from tradebot.runtime.halts import open_latch, pinned_account, refuse_unknown_strategy, scope_of
    from tradebot.runtime.host_notice import tell_hosts

    if not reason.strip():
        raise UsageError("--reason is empty. Say why.")
    if every:
        if strategy is not None or symbol is not None:
            raise UsageError("--all halts whole accounts: it goes with neither --strategy nor --symbol")
        return act_in_all_homes(options, "halt", "--reason", reason.strip(), *(["--reducing"] if reducing else []))
    home, latch, now = open_latch(options)
    scope, name = scope_of(strategy, symbol)
    refuse_unknown_strategy(options, strategy)
    level = HaltLevel.REDUCING if reducing else HaltLevel.HALTED
    halt = halt_by_hand(latch, now, level, reason.strip(), scope, name, pinned_account(options))
    not_told = tell_hosts(options, halt)
    return render.show_result(
        options,
        "halt",
        halt_page(halt, home, not_told),
        code=ExitCode.INCOMPLETE if not_told else ExitCode.OK,
        home=home,
        headline=f"{halt.subject} is {level}",
        halt=halt,
        not_told=not_told,
    )
