"""A line for each account. The homes are read side by side, and none is waited for longer than a moment."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.reports.formatting import signed_usd, usd
from tradebot.reports.layout import Cell, Line, Tone, table
from tradebot.web.latest import Known, Latest
from tradebot.web.pages import sections
from tradebot.web.pages.frame import AccountName, in_home
from tradebot.web.pages.glance import age_text
from tradebot.web.pages.overview import glance_of
from tradebot.web.pages.sections import Part

if TYPE_CHECKING:
    from tradebot.web.reads import Read

#: Seconds for which a page waits for the states of all accounts together.
WAIT = 0.4
#: The newest status of a home.
LatestStatus = Latest["Read[StatusOutcome]"]


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account with its newest status; None: it has never been read."""

    account: AccountName
    known: Known[Read[StatusOutcome]] | None

    @property
    def seen(self) -> tuple[str | Cell, ...]:
        """What is shown of it but for an age."""
        return self.row(None)

    def row(self, now: datetime | None) -> tuple[str | Cell, ...]:
        """Its row of the table; without an age where ``now`` is None."""
        name = Cell(self.account.name, address=in_home("/", self.account))
        known, nothing = self.known, Cell(usd(None))
        if known is None or not known.tells_of_now:
            ago = f", looked at {age_text(now - known.value.at, known.value.at)}" if known and now else ""
            return name, Cell(f"not known yet{ago}", Tone.WARN), nothing, nothing, nothing
        status, state = known.value.value, glance_of(known.value)
        figures = dict(sections.tiles(status)) if status is not None and state.is_readable else {}
        return (
            name,
            Cell(state.word, state.tone),
            figures.get("equity", nothing),
            figures.get("today", signed_usd(None)),
            figures.get("without a stop", nothing),
        )


def account_lines(accounts: Sequence[tuple[AccountName, LatestStatus]], wait: float = WAIT) -> tuple[AccountLine, ...]:
    """The accounts with their states, after at most so many seconds for all of them."""
    for _, latest in accounts:
        latest.begin()
    deadline = time.monotonic() + wait
    return tuple(
        AccountLine(account, latest.get(max(0.0, deadline - time.monotonic()))) for account, latest in accounts
    )


def accounts_part(found: Iterable[AccountLine], now: datetime) -> Part:
    """A line for each account."""
    rows = table("account | state | >equity | >today | >without a stop", (line.row(now) for line in found))
    return Part("accounts", "Accounts", rows or (Line("None is known."),))
