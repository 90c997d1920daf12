"""A second process finds the same as the first would, and what it does not answer the first finds."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import closing

import pytest

from tests.ledger.unguarded import unguarded
from tradebot.ledger import second_process
from tradebot.ledger.audit import heads
from tradebot.ledger.covered import Covered
from tradebot.ledger.database import AccountLedger, Database, open_database
from tradebot.ledger.second_process import second_half
from tradebot.ledger.trail_state import EquityCash, WriteOrder
from tradebot.ledger.verify import verify_ledger
from tradebot.settings.ledger_location import LedgerLocation

CHANGES = {
    "nothing": "SELECT 1",
    "a changed row": "UPDATE audit SET detail = '{}' WHERE seq = 3 AND account_key = '1'",
    "a row that is gone": "DELETE FROM audit WHERE seq = 2 AND account_key = '1'",
    "a link that is broken": "UPDATE audit SET prev_hash = hash WHERE seq = 4 AND account_key = '1'",
    "other cash": "UPDATE accounts SET cash = '1'",
}
#: Programs that are started in the place of Python: one that is nowhere, one that is none, and two that end at once.
OTHERS = ("/nowhere/python", os.devnull, *filter(None, map(shutil.which, ("true", "false"))))


@pytest.fixture
def stored(busy: AccountLedger, database: Database) -> LedgerLocation:
    """A ledger that is not open."""
    database.close()
    return database.location


def edit(location: LedgerLocation, sql: str) -> None:
    """Change a ledger behind its back."""
    with closing(open_database(location, create=False)) as database, unguarded(database.engine):
        database.engine.execute(sql)


@pytest.mark.parametrize("change", CHANGES)
def test_both_ways_find_the_same(stored: LedgerLocation, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    edit(stored, CHANGES[change])
    found = []
    for many, executable in ((10**9, sys.executable), (0, sys.executable), *((0, other) for other in OTHERS)):
        monkeypatch.setattr(second_process, "MANY_ROWS", many)
        monkeypatch.setattr(sys, "executable", executable)
        with closing(open_database(stored, create=False)) as database:
            found.append([str(finding) for finding in verify_ledger(database)])
    assert found == [found[0]] * len(found)
    assert (found[0] == []) is (change == "nothing")


def test_the_process_itself_answers(stored: LedgerLocation, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(stored, CHANGES["a link that is broken"])
    edit(stored, CHANGES["other cash"])
    monkeypatch.setattr(second_process, "MANY_ROWS", 0)
    database = open_database(stored, create=False)
    account, booked = database.engine.all("SELECT account_key, activities FROM accounts ORDER BY account_key")[
        0
    ].values()
    points = {account: [EquityCash(booked, "a point", "2")]}
    with closing(database), second_half(database.engine, heads(database.engine), Covered.by(database.engine)) as second:
        second.begin_tables(WriteOrder(points, {(account, "an order")}))
        database.close()
        assert [finding.table for finding in second.links()] == ["audit", "audit"]
        assert {"accounts", "equity"} <= {finding.table for finding in second.tables()}


def test_the_tables_are_those_of_the_first_snapshot(stored: LedgerLocation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_process, "MANY_ROWS", 0)
    with closing(open_database(stored, create=False)) as database, database.engine.snapshot():
        newest = heads(database.engine)
        edit(stored, "DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)")
        edit(stored, CHANGES["other cash"])
        with second_half(database.engine, newest, Covered.by(database.engine)) as second:
            second.begin_tables(WriteOrder())
            assert second.tables() == []
