"""A ledger of before, whose rows carry long keys and hashes in hex, is migrated and proved by the heads that it had."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database as SqliteFile

from tests.fakes.postgres import PostgresServer
from tests.ledger.conftest import HOME, Samples
from tests.ledger.unguarded import unguarded
from tradebot.core.model.history_keys import account_of, history_key
from tradebot.ledger import postgres_schema
from tradebot.ledger.audit import GENERATIONS, GENESIS, MISSED, Head, digest_of, hash_of_columns
from tradebot.ledger.codec import stamp
from tradebot.ledger.database import open_database
from tradebot.ledger.engine import APPLICATION_ID, Engine, Value
from tradebot.ledger.migrations import migrations
from tradebot.ledger.postgres_engine import PostgresEngine
from tradebot.ledger.sqlite_engine import SqliteEngine
from tradebot.ledger.verify import verify, verify_ledger
from tradebot.settings.ledger_location import LedgerLocation

_BEFORE = 8


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, path: Path) -> Iterator[Engine]:
    """A ledger of the schema before, without a row."""
    if request.param == "sqlite":
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            migrations.apply(SqliteFile(file, execute_plugins=False), stop_before="m0009_shorter_rows")
            file.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            file.execute(f"PRAGMA user_version = {_BEFORE}")
        with closing(SqliteEngine(path)) as engine:
            yield engine
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.copy_of() as location, closing(PostgresEngine(location)) as made:
        postgres_schema.migrate(made._session.connection, APPLICATION_ID, _BEFORE)
        yield made


def write_history(
    engine: Engine, history: str, some: Samples, chained: list[tuple[str, str, dict[str, Value]]]
) -> Head:
    """Write a history as the version before did: rows with their digests in the trail. Returns its head."""
    account, previous, seq = account_of(history), GENESIS, 0
    broker, mode, name = account.split(":")
    of_account: dict[str, Value] = {"account_key": history, "broker": broker, "mode": mode, "account_id": name}
    engine.insert("accounts", {**of_account, "pinned_at": stamp(some.at), "opening": "none"})
    for seq, (table, kind, row) in enumerate(chained, 1):
        row = {"account_key": history, "seq": seq, **row}
        engine.insert(table, row)
        digest, subject = digest_of(row, account), str(row.get("turn", seq))
        columns = (seq, stamp(some.at), account, kind, subject, "{}", digest, previous)
        previous = hash_of_columns(*columns)
        names = ("seq", "at", "account_key", "kind", "subject", "detail", "digest", "prev_hash", "hash")
        stored = (seq, stamp(some.at), history, kind, subject, "{}", digest, "", previous)
        engine.insert("audit", dict(zip(names, stored, strict=True)))
    return seq, previous


@pytest.fixture
def migrated(empty: Engine, some: Samples) -> tuple[LedgerLocation, dict[str, Head]]:
    """Where a migrated ledger lies with the heads that it had: two histories of one account, and one of another."""
    missed: dict[str, Value] = {"turn": "wall", "keeping": "wall", "session": "2007-01-03", "job": "preflight"}
    of_missed = (MISSED.table, str(MISSED.kind), {**missed, "noticed_at": stamp(some.at)})
    later = history_key(some.account, 2)
    began: dict[str, Value] = {"account": some.account, "generation": 2, "replaces": some.account, "replaced_sound": 1}
    of_generation = (GENERATIONS.table, str(GENERATIONS.kind), {**began, "why": "rebuild", "at": stamp(some.at)})
    heads = {
        some.account: write_history(empty, some.account, some, [of_missed]),
        later: write_history(empty, later, some, [of_generation, of_missed]),
        some.other_account: write_history(empty, some.other_account, some, [of_missed]),
    }
    pin: dict[str, Value] = {"home_id": HOME, "broker": "paper", "mode": "paper", "account_key": some.account}
    empty.insert("pins", {**pin, "pinned_at": stamp(some.at)})
    open_database(empty.location, create=False).close()
    return empty.location, heads


def test_the_rows_are_proved_by_the_heads_of_before(
    migrated: tuple[LedgerLocation, dict[str, Head]], some: Samples
) -> None:
    location, heads = migrated
    with closing(open_database(location, create=False)) as database:
        assert database.heads() == heads
        assert verify(database, heads.values()).findings == ()
        keys = {row["account_key"] for row in database.engine.all("SELECT account_key FROM audit")}
        assert keys == {"1", "2", "3"}
        assert max(len(row["hash"]) for row in database.engine.all("SELECT hash FROM audit")) == 43
        assert database.pinned_accounts.of_home(HOME) == (some.pin(some.account),)
        shown = database.engine.all("SELECT account, job FROM v_missed ORDER BY account")
        assert [row["account"] for row in shown] == [some.account, some.other_account]

        database.bind(some.account).decisions.note("drill", "on the newest history", some.at, {})
        database.pinned_accounts.pin("another home", some.pin("paper:paper:PAPER-0003"))
        assert len(database.heads()) == 4
        assert verify(database, [*heads.values(), *database.heads().values()]).findings == ()


def test_a_change_is_found_after_it(migrated: tuple[LedgerLocation, dict[str, Head]]) -> None:
    with closing(open_database(migrated[0], create=False)) as database:
        with unguarded(database.engine):
            database.engine.execute("UPDATE missed SET job = 'reconcile' WHERE account_key = '3'")
        (finding,) = verify_ledger(database)
        assert (finding.table, finding.message) == ("missed", "was changed: it does not match its digest")
