"""A ledger of before, whose accounts shared numbers and one chain, goes on with numbers and chains by account."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database as SqliteFile

from tests.ledger.conftest import HOME, Samples
from tests.ledger.unguarded import unguarded
from tradebot.ledger import audit
from tradebot.ledger.audit import GENESIS, HASHED, hash_of_columns
from tradebot.ledger.database import Database, open_database
from tradebot.ledger.engine import APPLICATION_ID
from tradebot.ledger.migrations import migrations
from tradebot.ledger.verify import verify, verify_ledger


def stamped(some: Samples, minutes: int) -> str:
    return (some.at + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def old_ledger(path: Path, some: Samples, accounts: list[str]) -> list[tuple[int, str]]:
    """Make a ledger of schema 6 in which the accounts took turns to write six rows; returns its heads."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrations.apply(SqliteFile(connection, execute_plugins=False), stop_before="m0007_by_account")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 6")
        for account in set(accounts):
            broker, mode, name = account.split(":")
            connection.execute(
                "INSERT INTO accounts (account_key, broker, mode, account_id, pinned_at, pinned) VALUES (?,?,?,?,?,0)",
                (account, broker, mode, name, stamped(some, 0)),
            )
        heads, previous = [], GENESIS
        for seq in range(1, 7):
            account = accounts[seq % len(accounts)]
            row = (seq, stamped(some, seq), account, "drill", "x", "{}", "", previous)
            previous = hash_of_columns(*row)
            heads.append((seq, previous))
            columns = (*row, previous)
            connection.execute(f"INSERT INTO audit ({', '.join(HASHED)}, hash) VALUES (?,?,?,?,?,?,?,?,?)", columns)
    return heads


@pytest.fixture
def accounts(some: Samples) -> list[str]:
    return [some.account, some.other_account]


@pytest.fixture
def shared(path: Path, some: Samples, accounts: list[str]) -> Iterator[tuple[Database, list[tuple[int, str]]]]:
    """A ledger that two accounts wrote, migrated, and the heads that it had."""
    heads = old_ledger(path, some, accounts)
    database = open_database(path, create=False)
    yield database, heads
    database.close()


def test_each_account_goes_on_from_the_end_of_the_common_chain(
    shared: tuple[Database, list[tuple[int, str]]], some: Samples, accounts: list[str]
) -> None:
    database, heads = shared
    assert database.heads() == dict.fromkeys(accounts, heads[-1])
    for account in (*accounts, *reversed(accounts)):
        database.bind(account).decisions.note("drill", "after", some.at, {})
    new = "paper:paper:PAPER-0003"
    database.pinned_accounts.pin(HOME, some.pin(new))
    assert {key: head[0] for key, head in database.heads().items()} == {**dict.fromkeys(accounts, 8), new: 1}
    assert len(set(database.heads().values())) == 3
    assert verify(database, [*heads, *database.heads().values()]).findings == ()


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ("DELETE FROM audit WHERE seq = 3", "audit row 4: rows 3 to 3 before it are gone"),
        ("DELETE FROM audit WHERE seq = 6", "the common chain ends at row 5"),
        ("UPDATE audit SET subject = 'y' WHERE seq = 2", "audit row 2: was changed"),
        ("UPDATE chain_starts SET seq = 5", "begins at row 5"),
        ("DELETE FROM chain_starts", "before it are gone"),
        ("DELETE FROM audit WHERE seq = 7 AND account_key = '1'", "rows 7 to 7 before it are gone"),
    ],
)
def test_a_change_of_either_part_is_found(
    shared: tuple[Database, list[tuple[int, str]]], some: Samples, accounts: list[str], change: str, finding: str
) -> None:
    database, _ = shared
    for account in (*accounts, *accounts):
        database.bind(account).decisions.note("drill", "after", some.at, {})
    with unguarded(database.engine):
        assert database.engine.execute(change)
    assert any(finding in str(found) for found in verify_ledger(database))


def test_a_ledger_of_one_account_keeps_its_chain(path: Path, some: Samples) -> None:
    heads = old_ledger(path, some, [some.account])
    with closing(open_database(path, create=False)) as database:
        assert audit.chain_starts(database.engine) == {}
        database.bind(some.account).decisions.note("drill", "after", some.at, {})
        assert database.head(some.account)[0] == 7
        assert verify(database, heads).findings == ()
