"""Each link of the chain holds, or is named with its row."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.ledger.conftest import ACCOUNT
from tests.ledger.unguarded import unguarded
from tradebot.ledger.audit import AuditTrail
from tradebot.ledger.chain_links import check_links
from tradebot.ledger.database import AccountLedger, Database
from tradebot.ledger.row_keys import FIRST

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


@pytest.fixture
def six_rows(database: Database, ledger: AccountLedger) -> Database:
    """A ledger with six rows of the trail, the first that of the account."""
    trail = AuditTrail(database.engine, FIRST, ACCOUNT)
    with ledger.transaction():
        for number in range(5):
            trail.append("test", f"row {number}", datetime(2007, 1, 3, tzinfo=UTC), {"number": number})
    return database


@pytest.mark.parametrize("change", CHANGES)
def test_a_broken_link_is_named(six_rows: Database, change: str) -> None:
    engine = six_rows.engine
    with unguarded(engine):
        engine.execute(change)
    assert [str(finding) for finding in check_links(engine, {FIRST: (6, "")})] == CHANGES[change]
    assert list(check_links(engine, {FIRST: (2, "")})) == []
