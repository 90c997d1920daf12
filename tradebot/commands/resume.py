"""tradebot resume"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "resume",
    writes="the cleared halts and the reason into the ledger, the latch file, the log files; sends nothing.",
    examples=(
        'tradebot resume --reason "a bad price, corrected by the broker"',
        'tradebot resume --symbol AAPL --reason "earnings are out"',
    ),
    ends_with=(ExitCode.HALTED, ExitCode.BLOCKED, ExitCode.BROKER, ExitCode.LOCKED, ExitCode.LEDGER),
)
def command(
    options: GlobalOptions,
    reason: Annotated[str, typer.Option("--reason", help="What was found and done; kept in the audit trail.")],
    strategy: Annotated[
        str | None, typer.Option("--strategy", metavar="NAME", help="The halts of this strategy, not the account's.")
    ] = None,
    symbol: Annotated[
        str | None, typer.Option("--symbol", metavar="SYMBOL", help="The halts of this symbol, not the account's.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> ExitCode:
    """Clear a latched halt.

    Shows what is halted and why, makes preflight's checks of the account, asks, and clears it; after a drawdown the
    equity peak starts again from today's equity. Nothing is cleared while a check fails. A day's loss halts until the
    next session, a breached limit until it no longer is, and EMERGENCY_STOP_ENABLED only its owner can unset.
    """
    from tradebot.commands import confirm, open_desk, render
    from tradebot.core.model.schedule import Job
    from tradebot.jobs import resume
    from tradebot.reports.pages import common
    from tradebot.reports.pages.checks import checks_table
    from tradebot.reports.pages.status import resume_page
    from tradebot.runtime.halts import scope_of

    if not reason.strip():
        raise UsageError("--reason is empty. Say what was found and done.")
    scope, name = scope_of(strategy, symbol)
    with open_desk.desk_for(options, Job.RESUME) as opened:
        prospect = resume.resume_preview(opened.desk, scope, name)
        if prospect.may_end and not yes:
            confirm.show_on_stderr((*common.halts(prospect.halts, opened.context.home), *checks_table(prospect.checks)))
            opened.desk.stop.check()
            confirm.confirm(options, f"Resume {prospect.subject}?")
        outcome = resume.run(opened.desk, reason.strip(), seen=prospect)
    return render.finish(options, opened.context, outcome, resume_page)
