"""Two ledgers of the same history are the same text."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.ledger.conftest import HOME
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.errors import LedgerError
from tradebot.ledger.database import AccountLedger, Database, open_database
from tradebot.ledger.dump import dump_lines
from tradebot.ledger.homes import KnownHome

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples


def replayed(path: Path, some: Samples, hours: int, fill_id: str = "F1") -> list[str]:
    """A small history, written ``hours`` later by the machine's clock."""
    database = open_database(path, create=True, durable=False)
    database.pinned_accounts.pin(HOME, some.pin(some.account))
    ledger = database.bind(some.account)
    wall = some.at + timedelta(hours=hours)
    run = ledger.runs.begin(Job.RUN_DAILY, some.session, some.at, wall, 1000 + hours)
    ledger.orders.write([some.intent()], some.at)
    ledger.books.book([some.bought(fill_id)], some.at)
    ledger.books.store_equity(some.equity("100000"), [])
    ledger.decisions.store(run, [some.decision()])
    ledger.runs.end(run, RunStatus.RAN, 0, some.later(1), wall, "done")
    database.close()
    return list(dump_lines(path))


def test_ledgers_that_differ_in_wall_clock_only_have_one_dump(tmp_path: Path, some: Samples) -> None:
    assert replayed(tmp_path / "a.db", some, 0) == replayed(tmp_path / "b.db", some, 7)


def test_a_difference_shows(tmp_path: Path, some: Samples) -> None:
    one, other = replayed(tmp_path / "a.db", some, 0), replayed(tmp_path / "b.db", some, 0, "F7")
    assert any(line.startswith("fills ") for line in set(one) ^ set(other))


def test_every_table_is_in_the_dump(database: Database, busy: AccountLedger, some: Samples) -> None:
    database.homes.add(KnownHome("an id", "desk", "/home", some.later(0)))
    dumped = {line.split(" ", 1)[0] for line in dump_lines(database.location)}
    elsewhere = {"chain_starts", "generations", "moves"}  # filled by earlier versions, and where a history moved
    assert dumped == set(database.engine.tables()) - elsewhere


def test_a_missing_ledger_is_not_dumped(path: Path) -> None:
    with pytest.raises(LedgerError, match="is missing"):
        list(dump_lines(path))


def test_every_table_has_a_view_with_numbers_as_numbers(database: Database, busy: AccountLedger) -> None:
    for table in set(database.engine.tables()) - {"accounts", "audit"}:
        database.engine.all(f"SELECT * FROM v_{table}")
    database.engine.all("SELECT * FROM denials")
    trade = database.engine.one("SELECT pnl, quantity, strategy FROM v_trades")
    assert trade == {"pnl": 8.0, "quantity": 10.0, "strategy": "trend"}
