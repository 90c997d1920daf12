"""tradebot init-db"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradebot.commands import decorator
from tradebot.errors import ExitCode

if TYPE_CHECKING:
    from tradebot.settings import GlobalOptions


@decorator.command(
    "init-db",
    writes="the home folder, the ledger's database and, with BROKER=paper, the embedded exchange, where they are not "
    "there yet.",
    examples=("tradebot init-db --home ~/tradebot",),
    ends_with=(ExitCode.BLOCKED, ExitCode.BROKER, ExitCode.LOCKED, ExitCode.LEDGER),
)
def command(options: GlobalOptions) -> ExitCode:
    """Make a home, or bring the database of one up to date.

    It never empties anything: in a home that is there already, what is in it stays.
    """
    from tradebot.commands import render
    from tradebot.reports.layout import Line, Tone
    from tradebot.reports.run_header import opening
    from tradebot.runtime.init_home import init_home

    header, fresh = init_home(options)
    done = "made a new home" if fresh else "the home was there already; its database is up to date"
    page = (*opening(header), Line(done, Tone.GOOD))
    return render.show_result(options, "init-db", page, header=header, made=fresh)
