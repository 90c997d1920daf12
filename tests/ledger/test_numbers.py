"""Numbers of rows are by table and account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ledger.conftest import HOME
from tradebot.core.model.schedule import Job
from tradebot.ledger.database import Database
from tradebot.ledger.numbers import NUMBERED, next_number
from tradebot.ledger.verify import verify_ledger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples


def test_numbers_are_by_account(database: Database, some: Samples) -> None:
    database.pinned_accounts.pin(HOME, some.pin(some.other_account))
    one, other = database.bind(some.account), database.bind(some.other_account)
    begun = [
        each.runs.begin(Job.RUN_DAILY, some.session, some.at, some.at, 1) for each in (one, one, other, one, other)
    ]
    assert begun == [1, 2, 1, 3, 2]
    one.decisions.store(3, [some.decision(), some.decision()])
    other.decisions.store(2, [some.decision()])
    for each in (one, other):
        each.books.store_equity(some.equity("100"), [])
        each.outbox.put(some.alert(), some.at)
    assert [alert.alert_id for alert in database.alert_queue.waiting()] == [1, 1]
    assert verify_ledger(database) == ()


def test_every_table_with_a_number_is_named(database: Database) -> None:
    keys = database.engine.tables()
    assert {table: keys[table] for table in NUMBERED} == {
        table: ("account_key", number) for table, number in NUMBERED.items()
    }
    columns = {table: database.engine.columns(table) for table in keys}
    assert {table for table in keys if "seq" in columns[table]} - {"chain_starts"} <= set(NUMBERED)


def test_a_number_is_taken_inside_a_transaction_alone(database: Database, some: Samples) -> None:
    with pytest.raises(RuntimeError, match="outside a transaction"):
        next_number(database.engine, "audit", some.account)
