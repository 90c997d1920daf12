"""tradebot risk"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradebot.commands import decorator
from tradebot.errors import AuthNeeded, BrokerUnavailable, ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "risk",
    writes="nothing.",
    examples=("tradebot risk", "tradebot risk --json"),
    ends_with=(ExitCode.BLOCKED, ExitCode.BROKER, ExitCode.LEDGER),
)
def command(options: GlobalOptions) -> ExitCode:
    """Show how far each limit is used, and what is at stake.

    Each limit with its use and the share of it that is used, the most used first; then the exposure, what is lost if
    every stop is hit, the share of the largest symbol, and the dollars that no stop protects. When the broker is out
    of reach, it shows the newest look at the account, with its time, and ends with 6.
    """
    from dataclasses import replace

    from tradebot.commands import open_desk, render
    from tradebot.core.model.schedule import Job
    from tradebot.jobs import risk
    from tradebot.reports.pages.risk import risk_page
    from tradebot.runtime.api_shapes import risk_fields

    code = ExitCode.OK
    try:
        with open_desk.desk_for(options, Job.RISK) as opened:
            found, context = risk.run(opened.desk), opened.context
    except (AuthNeeded, BrokerUnavailable) as error:
        with open_desk.ledger_after(options, "risk", error) as stored:
            found, context = replace(risk.recall(stored.desk), trouble=str(error)), stored.context
        code = error.exit_code
    return render.show_result(options, "risk", risk_page(found), code=code, header=context, **risk_fields(found))
