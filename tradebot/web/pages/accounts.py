"""A line for each account. The homes are read side by side, and none is waited for longer than a moment."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock, Thread
from typing import TYPE_CHECKING

from tradebot.core.results.status_outcome import StatusOutcome
from tradebot.reports.formatting import signed_usd, usd
from tradebot.reports.layout import Cell, Line, Tone, table
from tradebot.web.pages import sections
from tradebot.web.pages.frame import AccountName, in_home
from tradebot.web.pages.glance import age_text
from tradebot.web.pages.overview import glance_of
from tradebot.web.pages.sections import Part

if TYPE_CHECKING:
    from tradebot.web.reads import Read

_LOG = logging.getLogger(__name__)
#: Seconds for which a page waits for the states of all accounts together.
WAIT = 0.4
#: Seconds after which a state is read again.
_AGAIN = 1.0
#: Seconds after which a state says nothing of now.
_HOLDS = 15.0


class LatestStatus:
    """The newest status of a home, read in a thread of its own: a home that hangs holds nobody up."""

    def __init__(self, read: Callable[[], Read[StatusOutcome]]) -> None:
        self._read = read
        self._lock = Lock()
        self._thread: Thread | None = None
        self._newest: Read[StatusOutcome] | None = None
        self._made_at = 0.0  # by time.monotonic

    def begin(self) -> None:
        """Begin a read, where none is on its way and the newest is not of this second."""
        with self._lock:
            if self._thread is None and not self._is_younger(_AGAIN):
                self._thread = Thread(target=self._run, name="status of an account", daemon=True)
                self._thread.start()

    def wait(self, seconds: float) -> AccountState:
        """The state when the read on its way has ended, or after so many seconds."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        with self._lock:
            return AccountState(self._newest, is_known=self._is_younger(_HOLDS))

    def _is_younger(self, seconds: float) -> bool:
        return self._newest is not None and time.monotonic() - self._made_at < seconds

    def _run(self) -> None:
        newest = None
        try:
            newest = self._read()
        except Exception:  # noqa: BLE001 - the other accounts are shown
            _LOG.exception("the status of an account cannot be read")
        with self._lock:
            if newest is not None:
                self._newest, self._made_at = newest, time.monotonic()
            self._thread = None


@dataclass(frozen=True, slots=True)
class AccountState:
    """What is known of an account."""

    newest: Read[StatusOutcome] | None  # None: it has never been read
    is_known: bool  # whether the newest is young enough to tell how it stands now


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account with its state."""

    account: AccountName
    state: AccountState

    @property
    def seen(self) -> tuple[str | Cell, ...]:
        """What is shown of it but for an age."""
        return self.row(None)

    def row(self, now: datetime | None) -> tuple[str | Cell, ...]:
        """Its row of the table; without an age where ``now`` is None."""
        name = Cell(self.account.name, address=in_home("/", self.account))
        newest, nothing = self.state.newest, Cell(usd(None))
        if newest is None or not self.state.is_known:
            ago = f", looked at {age_text(now - newest.at, newest.at)}" if newest is not None and now else ""
            return name, Cell(f"not known yet{ago}", Tone.WARN), nothing, nothing, nothing
        state = glance_of(newest)
        figures = dict(sections.tiles(newest.value)) if newest.value is not None and state.is_readable else {}
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
        AccountLine(account, latest.wait(max(0.0, deadline - time.monotonic()))) for account, latest in accounts
    )


def accounts_part(found: Iterable[AccountLine], now: datetime) -> Part:
    """A line for each account."""
    rows = table("account | state | >equity | >today | >without a stop", (line.row(now) for line in found))
    return Part("accounts", "Accounts", rows or (Line("None is known."),))
