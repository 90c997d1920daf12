"""tradebot verify"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradebot.commands import decorator
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command("verify", writes="nothing.", ends_with=(ExitCode.LEDGER,))
def command(options: GlobalOptions) -> ExitCode:
    """Prove that the ledger's history was not touched.

    Walks the hash chain of the audit trail from its first row, and holds against it every fill, cash event, split,
    trade, equity point and decision, the states that orders went through, the guards that keep history as it is, and
    the chain heads that earlier runs left outside the database. Names the first bad row.
    """
    from tradebot.commands import render
    from tradebot.core.model.values import plural
    from tradebot.ledger.verify import verify_ledger
    from tradebot.reports.layout import Line, Tone, section
    from tradebot.reports.run_header import home_opening
    from tradebot.runtime.homes import configuration
    from tradebot.runtime.open_desk import open_ledger

    with open_ledger(options) as (database, heads):
        findings = verify_ledger(database, heads)
    verdict = plural(len(findings), "finding") if findings else "the ledger is sound"
    settings = configuration(options).settings
    page = (
        *home_opening(settings.home, ("database", str(settings.database_path))),
        Line(verdict, Tone.BAD if findings else Tone.GOOD),
        *section("Findings", *(Line(str(finding), Tone.BAD) for finding in findings)),
    )
    code = ExitCode.LEDGER if findings else ExitCode.OK
    return render.show_result(
        options, "verify", page, code=code, findings=findings, known_heads=len(heads), home=settings.home
    )
