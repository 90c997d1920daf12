"""What the ledger knows of the chain heads that are stored outside it."""

from __future__ import annotations

from decimal import Decimal

from tests.ledger.conftest import ACCOUNT, ON_A_FILE, Samples
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.results.audit_events import RESTORED
from tradebot.ledger.audit import Head
from tradebot.ledger.database import AccountLedger, Database
from tradebot.ledger.verify import verify, verify_ledger

HOME = 1


def kept(database: Database) -> Head:
    """Keep the newest head outside, as a job does at its end."""
    head = database.head(ACCOUNT)
    database.note_head(ACCOUNT, head, HOME)
    return head


def test_a_head_that_was_stored_and_is_gone_is_missing(
    database: Database, ledger: AccountLedger, some: Samples
) -> None:
    assert database.missing_heads((), HOME, ACCOUNT) == (), "a ledger that never had heads misses none"
    first = kept(database)
    ledger.books.rebase_peak(Decimal(5), some.at)
    second = kept(database)
    assert database.missing_heads((first, second, (99, "a" * 64)), HOME, ACCOUNT) == ()
    assert database.missing_heads((second,), HOME, ACCOUNT) == (first,)
    assert database.missing_heads([(first[0], "b" * 64)], HOME, ACCOUNT) == (first, second)

    assert verify(database, heads_outside=lambda: (first, second)).findings == ()
    (finding,) = verify(database, heads_outside=lambda: (first,)).findings
    assert str(finding) == f"heads: chain heads that were stored outside the ledger are gone: row {second[0]}"
    (finding,) = verify(database, heads_outside=tuple).findings
    assert f"2, rows {first[0]} to {second[0]}" in finding.message


def test_homes_that_share_a_ledger_keep_their_own(database: Database, ledger: AccountLedger, some: Samples) -> None:
    first = kept(database)
    ledger.books.rebase_peak(Decimal(5), some.at)
    other = database.head(ACCOUNT)
    database.note_head(ACCOUNT, other, HOME + 1)
    assert database.missing_heads((), HOME, ACCOUNT) == (first,)
    assert database.missing_heads((), HOME + 1, ACCOUNT) == (other,)
    assert database.missing_heads((), HOME + 2, ACCOUNT) == ()
    assert database.missing_heads((), None, ACCOUNT) == (first, other), "a home that lost its name"
    assert verify(database, heads_outside=lambda: (first,), home=HOME).findings == ()


def test_a_person_settles_the_loss(database: Database, ledger: AccountLedger, some: Samples) -> None:
    first = kept(database)
    halts = ledger.halts_and_breaks
    other = Halt(HaltSource.LEDGER, HaltRule.DRAWDOWN, HaltLevel.HALTED, "10 %", since=some.at)
    halts.latch(other, some.at)
    halts.clear([other], "another halt", some.at)
    assert database.missing_heads((), HOME, ACCOUNT) == (first,)

    halt = Halt(HaltSource.LEDGER, HaltRule.CHAIN_HEADS, HaltLevel.REDUCING, "gone", since=some.at)
    halts.latch(halt, some.at)
    halts.clear([halt], "I removed the file", some.at)
    assert database.missing_heads((), HOME, ACCOUNT) == ()

    second = kept(database)
    assert database.missing_heads((), HOME, ACCOUNT) == (second,)
    ledger.decisions.note(RESTORED, some.account, some.at, {"from": "backup.db"})
    assert database.missing_heads((), HOME, ACCOUNT) == ()
    assert verify_ledger(database) == ()


@ON_A_FILE
def test_the_notes_are_found_without_reading_the_trail(database: Database) -> None:
    (plan,) = database.engine.all(
        "EXPLAIN QUERY PLAN SELECT kind, subject, detail FROM audit"
        " WHERE kind IN ('head_kept', 'halt_cleared', 'restored') ORDER BY seq"
    )
    assert "audit_heads" in plan["detail"]
