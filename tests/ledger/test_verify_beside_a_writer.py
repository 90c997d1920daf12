"""A ledger is sound at each moment, also while a job writes into it."""

from __future__ import annotations

from dataclasses import replace
from threading import Event, Thread

from tests.ledger.conftest import ACCOUNT, Samples
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.ledger.database import AccountLedger, Database, open_database
from tradebot.ledger.verify import verify_ledger
from tradebot.settings.ledger_location import LedgerLocation


def work(ledger: AccountLedger, some: Samples, minute: int) -> None:
    """Write what a job writes: a run, decisions and an equity point."""
    at = some.later(minute)
    run = ledger.runs.begin(Job.CHECK_EXITS, some.session, at, at, 1)
    cash = ledger.books.cash()
    assert cash is not None
    ledger.books.store_equity(replace(some.equity("100000", minutes=minute), cash=cash), [])
    ledger.decisions.store(run, [some.decision()])
    ledger.runs.end(run, RunStatus.RAN, 0, at, at, "done")


def test_a_writer_at_work_is_no_tampering(
    location: LedgerLocation, busy: AccountLedger, database: Database, some: Samples
) -> None:
    for minute in range(200):
        work(busy, some, minute)
    verified = Event()

    def write() -> None:
        other = open_database(location, create=False, durable=False)
        minute = 200
        while not verified.is_set():
            work(other.bind(some.account), some, minute)
            minute += 1
        other.close()

    writer = Thread(target=write)
    writer.start()
    try:
        heads = []
        for _ in range(5):
            assert verify_ledger(database) == ()
            heads.append(database.head(ACCOUNT))
    finally:
        verified.set()
        writer.join()
    assert len(set(heads)) > 1, "it wrote meanwhile"
    assert verify_ledger(database) == ()
