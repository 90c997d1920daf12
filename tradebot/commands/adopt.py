"""tradebot adopt"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tradebot.commands import decorator
from tradebot.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from decimal import Decimal

    from tradebot.settings import GlobalOptions


@decorator.command(
    "adopt",
    writes="fills, settled orders and two adjustments into the ledger, the log files; sends nothing to the broker.",
    examples=('tradebot adopt MSFT --strategy my_trend --stop 38.50 --reason "by hand"',),
    ends_with=(
        ExitCode.HALTED,
        ExitCode.BLOCKED,
        ExitCode.BROKER,
        ExitCode.LOCKED,
        ExitCode.LEDGER,
        ExitCode.DEGRADED,
    ),
)
def command(
    options: GlobalOptions,
    symbol: Annotated[str, typer.Argument(help="The symbol of the foreign position.")],
    strategy: Annotated[str, typer.Option("--strategy", help="The strategy that looks after it; it must be loaded.")],
    stop: Annotated[
        str,
        typer.Option("--stop", metavar="PRICE", help="Where its stop is to rest, USD a share, below the last price."),
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the audit trail.")],
) -> ExitCode:
    """Give a foreign position into the care of a strategy.

    The shares that a person holds in the account become a holding of the strategy, with the stop that is given and no
    target: it is left by its stop and by the strategy's exit signals. The next job places the stop. Refused while an
    order rests on the symbol, and for a stop that is not below the last price or more than half of it away.
    """
    from tradebot.commands import open_desk, render
    from tradebot.core.model.schedule import Job
    from tradebot.jobs import adopt
    from tradebot.reports.pages.checks import reconcile_page

    if not reason.strip():
        raise UsageError("--reason is empty: say why the position is to be looked after.")
    wanted = adopt.Adoption(symbol.strip().upper(), strategy.strip(), _price(stop), reason.strip())
    with open_desk.desk_for(options, Job.ADOPT) as opened:
        outcome = adopt.run(opened.desk, wanted)
    return render.finish(options, opened.context, outcome, reconcile_page)


def _price(text: str) -> Decimal:
    from decimal import Decimal, InvalidOperation

    try:
        price = Decimal(text.strip())
    except InvalidOperation:
        price = Decimal("nan")
    if not price.is_finite():
        raise UsageError(f"--stop {text!r} is no price: give one in USD a share, such as 31.50.")
    return price
