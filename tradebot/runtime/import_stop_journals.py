"""What emergency stops did, from their journals into the ledger; done by whoever holds the lock next."""

from __future__ import annotations

import logging
from pathlib import Path

from tradebot.home import stop_journal
from tradebot.jobs.emergency_stop.journal import append_to_audit
from tradebot.ledger.database import AccountLedger
from tradebot.runtime.clocks import SystemClock


def take_in_stops(home: Path, ledger: AccountLedger) -> None:
    """Put every entry into the audit trail, forget the journals, and make room for the next one.

    A journal that cannot be removed is taken in again by the next run: each row names the journal it came from.
    """
    try:
        for stop in stop_journal.finished_stops(home, SystemClock().wall()):
            with ledger.transaction():
                for entry in stop.entries:
                    append_to_audit(ledger.journal, entry, stop.path.name)
            stop.delete()
        stop_journal.make_spare_file(home)
    except OSError as error:
        logging.getLogger(__name__).warning("the journals of emergency stops: %s", error)
