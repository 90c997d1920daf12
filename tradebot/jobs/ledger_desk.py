"""The ledger of the pinned account without its broker: for jobs that only look at what was stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tradebot.core.model.account import SessionHours
from tradebot.core.results.stop_entry import StopEntry
from tradebot.jobs.schedule import JobSchedule
from tradebot.ledger.database import AccountLedger
from tradebot.ports import Calendar, Latch, Strategies
from tradebot.settings import Settings


@dataclass(frozen=True, slots=True)
class LedgerDesk:
    """What a job may use that asks no broker, takes no lock and stores nothing."""

    settings: Settings
    ledger: AccountLedger  # of the pinned account; refuses to write
    calendar: Calendar  # the installed one, with the broker's corrections that the ledger has
    strategies: Strategies  # read when first asked for; their code does not run
    latch: Latch  # of the account, to be read
    pending_stops: tuple[StopEntry, ...]  # what emergency stops did that the ledger has not taken in yet, in order
    now: datetime  # aware UTC: the machine's time; at the embedded exchange the newest time that the ledger knows
    schedule: JobSchedule  # at this moment of its own clock

    def session_at(self, moment: datetime) -> SessionHours:
        """The newest session that has begun at ``moment``."""
        before = self.calendar.previous((moment + timedelta(days=1)).date())
        while before.opens > moment:
            before = self.calendar.previous(before.session)
        return before
