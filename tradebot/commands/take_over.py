"""tradebot take-over"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "take-over",
    writes="who has the account now, with the reason, into the ledger. Sends nothing.",
    examples=('tradebot take-over --reason "the server does not answer"',),
    ends_with=(ExitCode.LEDGER,),
)
def command(
    options: GlobalOptions,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the audit trail.")],
) -> ExitCode:
    """Take the account from a run that hangs.

    For a ledger that several homes share, and a run on a host that may be cut off. The run that had the account sends
    nothing more, not even once it wakes up, and stores nothing about orders. What it had sent is settled by the next
    job of this home, which may begin at once. A run that is at work is better waited for: what it has bought may have
    no stop until then.
    """
    from tradebot.commands import render
    from tradebot.reports.layout import Line, Tone
    from tradebot.reports.run_header import home_opening
    from tradebot.runtime.take_over import take_over

    if not reason.strip():
        raise UsageError("--reason is empty. Say why.")
    taken = take_over(options, reason.strip())
    settings, account = taken.settings, taken.account
    from_whom = f"taken from {taken.held_by}" if taken.held_by else "no run had it"
    page = (
        *home_opening(settings.home, ("database", str(settings.ledger))),
        Line(f"account {account.account_id} at {account.broker} ({account.mode}): {from_whom}", Tone.GOOD),
        Line("next: `tradebot check-exits` settles what it had sent, and places the stops that lack", Tone.QUIET),
    )
    return render.show_result(options, "take-over", page, account=account.account_id, taken_from=taken.held_by)
