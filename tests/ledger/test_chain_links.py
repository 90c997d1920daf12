"""Each link of the chain holds, or is named with its row."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.ledger.conftest import ACCOUNT, ON_A_FILE
from tradebot.ledger.audit import AuditTrail
from tradebot.ledger.chain_links import check_links
from tradebot.ledger.database import AccountLedger, Database, open_database

CHANGES = {
    "SELECT 1": [],
    "UPDATE audit SET subject = 'other' WHERE seq = 3": ["audit row 3: was changed (test other)"],
    "DELETE FROM audit WHERE seq = 3": ["audit row 4: rows 3 to 3 before it are gone"],
    "UPDATE audit SET prev_hash = hash WHERE seq = 4": [
        "audit row 4: does not follow from the row before it",
        "audit row 4: was changed (test row 2)",
    ],
    "UPDATE audit SET hash = 'none' WHERE seq = 5": [
        "audit row 5: was changed (test row 3)",
        "audit row 6: was changed, or does not follow from the row before it (test row 4)",
    ],
}

pytestmark = ON_A_FILE


@pytest.fixture
def trail(database: Database, path: Path, ledger: AccountLedger) -> Path:
    """The file of a ledger with six rows of the trail, the first that of the account."""
    trail = AuditTrail(database.engine, ledger.account_key)
    with ledger.transaction():
        for number in range(5):
            trail.append("test", f"row {number}", datetime(2007, 1, 3, tzinfo=UTC), {"number": number})
    database.close()
    return path


@pytest.mark.parametrize("change", CHANGES)
def test_a_broken_link_is_named(trail: Path, change: str) -> None:
    with closing(sqlite3.connect(trail)) as editor:
        for (trigger,) in editor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            editor.execute(f"DROP TRIGGER {trigger}")
        editor.execute(change)
        editor.commit()
    with closing(open_database(trail, create=False)) as database:
        assert [str(finding) for finding in check_links(database.engine, {ACCOUNT: (6, "")})] == CHANGES[change]
        assert list(check_links(database.engine, {ACCOUNT: (2, "")})) == []
