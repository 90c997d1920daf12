"""The links of the chain are checked in a process of their own as they are here."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tradebot.ledger import chain_links
from tradebot.ledger.audit import AuditTrail
from tradebot.ledger.chain_links import checking_links
from tradebot.ledger.database import AccountLedger, Database, open_database

CHANGES = {
    "nothing": "SELECT 1",
    "a changed row": "UPDATE audit SET detail = '{}' WHERE seq = 3",
    "a row that is gone": "DELETE FROM audit WHERE seq = 2",
    "a link that is broken": "UPDATE audit SET prev_hash = hash WHERE seq = 4",
}


@pytest.fixture
def trail(database: Database, ledger: AccountLedger) -> Path:
    """The file of a ledger with five rows of the trail or more."""
    trail = AuditTrail(database.engine, ledger.account_key)
    for number in range(5):
        trail.append("test", f"row {number}", datetime(2007, 1, 3, tzinfo=UTC), {"number": number})
    database.close()
    return database.engine.path


@pytest.mark.parametrize("change", CHANGES)
def test_both_ways_find_the_same(trail: Path, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    with closing(sqlite3.connect(trail)) as editor:
        for (trigger,) in editor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            editor.execute(f"DROP TRIGGER {trigger}")
        editor.execute(CHANGES[change])
        editor.commit()
    found = []
    for many, executable in ((10**9, sys.executable), (0, sys.executable), (0, "/nowhere/python"), (0, os.devnull)):
        monkeypatch.setattr(chain_links, "MANY_ROWS", many)
        monkeypatch.setattr(sys, "executable", executable)
        with closing(open_database(trail, create=False)) as database, checking_links(database.engine, 5) as links:
            found.append([str(finding) for finding in links()])
    assert found == [found[0]] * 4
    assert (found[0] == []) is (change == "nothing")
