"""Where an emergency stop journals what it did: a file until the ledger takes it in, or the ledger of a job."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from tradebot.core.model.values import canonical
from tradebot.core.results.audit_events import EMERGENCY_STOP
from tradebot.core.results.stop_entry import StopEntry
from tradebot.errors import LedgerError

if TYPE_CHECKING:
    from tradebot.ledger.decisions import DecisionLog

_LOG = logging.getLogger(__name__)


class StopJournal(Protocol):
    """What an emergency stop did, stored until the ledger has it."""

    @property
    def trouble(self) -> str:
        """Why the journal is not complete; "" when it is."""
        ...

    def write(self, entry: StopEntry) -> None:
        """Append an entry. Raises nothing."""
        ...


class NoJournal:
    """The journal of a dry run, which does nothing."""

    trouble = ""

    def write(self, entry: StopEntry) -> None:
        """Drop the entry."""
        return


class InLedger:
    """The journal of a stop within a job: rows of the audit trail."""

    def __init__(self, journal: DecisionLog) -> None:
        self._journal = journal
        self.trouble = ""

    def write(self, entry: StopEntry) -> None:
        """Append a row. A LedgerError becomes ``trouble``."""
        try:
            append_to_audit(self._journal, entry)
        except LedgerError as error:
            self.trouble = self.trouble or f"what it did could not be written into the ledger: {error}"
            _LOG.error("%s: %s", self.trouble, entry.did)


def append_to_audit(journal: DecisionLog, entry: StopEntry, kept_in: str = "") -> None:
    """Append an entry to the audit trail. ``kept_in`` names the file that held it until now. Raises LedgerError."""
    quantity = "" if entry.quantity is None else canonical(entry.quantity)
    code = "" if entry.exit_code is None else str(entry.exit_code)
    columns = {
        "order": entry.order_id,
        "quantity": quantity,
        "detail": entry.detail,
        "exit_code": code,
        "kept_in": kept_in,
    }
    detail = {name: value for name, value in columns.items() if value}
    journal.note(EMERGENCY_STOP, entry.symbol, entry.at, {"did": entry.did, **detail})
