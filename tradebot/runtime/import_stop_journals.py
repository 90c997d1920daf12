"""Imports the journals of emergency stops into the ledger. The next command that holds the lock does it."""

from __future__ import annotations

import logging
from pathlib import Path

from tradebot.home import stop_journal
from tradebot.jobs.emergency_stop.journal import append_to_audit
from tradebot.ledger.database import AccountLedger
from tradebot.runtime.clocks import SystemClock


def import_journals(home: Path, ledger: AccountLedger) -> None:
    """Append every entry to the audit trail, delete the journals, and preallocate the next one.

    A journal that can't be deleted is imported again by the next run. Each row names its journal.
    """
    try:
        for stop in stop_journal.finished_stops(home, SystemClock().wall()):
            with ledger.transaction():
                for entry in stop.entries:
                    append_to_audit(ledger.decisions, entry, stop.path.name)
            stop.delete()
        stop_journal.make_spare_file(home)
    except OSError as error:
        logging.getLogger(__name__).warning("the journals of emergency stops: %s", error)
