"""tradebot resume"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import frame
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@frame.command(
    "resume",
    writes="the cleared halts and the reason into the ledger, the latch file, the log files; sends nothing.",
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
    from tradebot import runtime
    from tradebot.commands import asking, render, work
    from tradebot.core.schedule import Job
    from tradebot.jobs import resume
    from tradebot.reports.pages import parts
    from tradebot.reports.pages.checking import checks_table
    from tradebot.reports.pages.standing import resume_page

    if not reason.strip():
        raise UsageError("--reason is empty. Say what was found and done.")
    scope, name = runtime.scope_of(strategy, symbol)
    with work.office(options, Job.RESUME) as office:
        prospect = resume.look(office.desk, scope, name)
        if prospect.may_end and not yes:
            asking.show_on_stderr((*parts.halts(prospect.halts), *checks_table(prospect.checks)))
            office.desk.stop.check()
            asking.confirm(options, f"Resume {prospect.subject}?")
        outcome = resume.run(office.desk, reason.strip(), seen=prospect)
    return render.finish(options, office.where, outcome, resume_page)
