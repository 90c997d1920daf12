"""The seam over SQLite: transactions that are all or nothing, and errors that say what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tradebot.errors import ExitCode, LedgerError
from tradebot.ledger import migrations
from tradebot.ledger.sqlite_engine import SqliteEngine


@pytest.fixture
def engine(path: Path) -> Iterator[SqliteEngine]:
    engine = SqliteEngine(path, create=True, busy_seconds=0.05)
    engine.execute("PRAGMA journal_mode = WAL")
    engine.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT")
    yield engine
    engine.close()


def texts(engine: SqliteEngine) -> list[str]:
    return [row["text"] for row in engine.all("SELECT text FROM notes ORDER BY id")]


def test_a_transaction_keeps_everything(engine: SqliteEngine) -> None:
    with engine.transaction():
        engine.insert("notes", {"text": "one"})
        engine.insert("notes", {"text": "two"})
    assert texts(engine) == ["one", "two"]


def test_a_transaction_that_fails_keeps_nothing(engine: SqliteEngine) -> None:
    with pytest.raises(KeyboardInterrupt), engine.transaction():
        engine.insert("notes", {"text": "one"})
        raise KeyboardInterrupt
    assert texts(engine) == []


def test_a_nested_transaction_undoes_only_itself(engine: SqliteEngine) -> None:
    with engine.transaction():
        engine.insert("notes", {"text": "outer"})
        with pytest.raises(ZeroDivisionError), engine.transaction():
            engine.insert("notes", {"text": "inner"})
            raise ZeroDivisionError
        engine.insert("notes", {"text": "after"})
    assert texts(engine) == ["outer", "after"]


def test_a_nested_transaction_commits_with_the_outermost(engine: SqliteEngine) -> None:
    with pytest.raises(ZeroDivisionError), engine.transaction():
        with engine.transaction():
            engine.insert("notes", {"text": "inner"})
        raise ZeroDivisionError
    assert texts(engine) == []


def test_other_processes_see_nothing_before_the_commit(engine: SqliteEngine, path: Path) -> None:
    other = SqliteEngine(path)
    with engine.transaction():
        engine.insert("notes", {"text": "one"})
        assert texts(other) == []
    assert texts(other) == ["one"]
    other.close()


def test_returning_gives_the_row(engine: SqliteEngine) -> None:
    assert engine.insert("notes", {"text": "one"}, "RETURNING id") == {"id": 1}
    assert engine.insert("notes", {"id": 1, "text": "again"}, "ON CONFLICT DO NOTHING RETURNING id") is None


def test_a_locked_ledger_says_so(engine: SqliteEngine, path: Path) -> None:
    other = SqliteEngine(path)
    with other.transaction(), pytest.raises(LedgerError, match="locked by another process") as caught:
        engine.insert("notes", {"text": "one"})
    assert caught.value.exit_code is ExitCode.LEDGER
    assert "database browser" in str(caught.value)
    other.close()


def test_a_full_disk_says_so_and_keeps_nothing(engine: SqliteEngine) -> None:
    engine.execute("PRAGMA max_page_count = 3")
    with pytest.raises(LedgerError, match="disk is full"), engine.transaction():
        for _ in range(20):
            engine.insert("notes", {"text": "x" * 2000})
    assert texts(engine) == []


def test_a_step_that_sqlite_undid_by_itself_is_not_continued(engine: SqliteEngine) -> None:
    """After an automatic rollback a later statement would commit on its own, half a step."""
    engine.execute(
        "CREATE TRIGGER undo BEFORE INSERT ON notes WHEN NEW.text = 'bad' BEGIN SELECT RAISE(ROLLBACK, 'no'); END"
    )
    with pytest.raises(LedgerError, match="undid the step"), engine.transaction():
        engine.insert("notes", {"text": "one"})
        with pytest.raises(LedgerError, match="refused a row"):
            engine.insert("notes", {"text": "bad"})
        engine.insert("notes", {"text": "two"})
    assert texts(engine) == []
    with engine.transaction():
        engine.insert("notes", {"text": "three"})
    assert texts(engine) == ["three"]


def test_a_read_only_ledger_says_so(engine: SqliteEngine) -> None:
    engine.execute("PRAGMA query_only = ON")
    with pytest.raises(LedgerError, match="read-only"):
        engine.insert("notes", {"text": "one"})


def test_a_refused_row_says_why(engine: SqliteEngine) -> None:
    with pytest.raises(LedgerError, match=r"NOT NULL constraint failed: notes\.text"):
        engine.insert("notes", {"text": None})


def test_a_folder_is_not_a_ledger(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be opened"):
        SqliteEngine(tmp_path)


def test_a_damaged_ledger_says_so(engine: SqliteEngine, path: Path) -> None:
    for number in range(50):
        engine.insert("notes", {"text": str(number) * 500})
    engine.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    damaged = SqliteEngine(path)
    with pytest.raises(LedgerError, match="is damaged"):
        texts(damaged)
    damaged.close()


def test_a_mistake_in_a_statement_is_a_bug_and_not_the_ledgers(engine: SqliteEngine) -> None:
    with pytest.raises(sqlite3.ProgrammingError):
        engine.execute("INSERT INTO notes (text) VALUES (:text)", {"other": "one"})


def test_a_schema_that_another_process_brought_up_to_date_is_left_alone(
    engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought: list[sqlite3.Connection] = []
    monkeypatch.setattr(migrations, "migrate", brought.append)
    for version in (2, 2, 1):
        engine.migrate_to(version, 7)
    assert len(brought) == 1
    assert (engine.version(), engine.application()) == (2, 7)


def test_a_migration_that_fails_leaves_the_schema_as_it_was(
    engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE more (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE more (id INTEGER PRIMARY KEY)")

    monkeypatch.setattr(migrations, "migrate", half)
    with pytest.raises(LedgerError, match="already exists"):
        engine.migrate_to(1, 7)
    assert "more" not in engine.tables()
    assert (engine.version(), engine.application()) == (0, 0)


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 1)])
def test_trading_waits_for_the_disk_and_a_replay_does_not(path: Path, durable: bool, level: int) -> None:
    engine = SqliteEngine(path, create=True, durable=durable)
    assert engine.one("PRAGMA synchronous") == {"synchronous": level}
    assert engine.one("PRAGMA foreign_keys") == {"foreign_keys": 1}
    engine.close()


def test_a_snapshot_stays_as_it_is_while_others_write(engine: SqliteEngine, path: Path) -> None:
    engine.insert("notes", {"text": "one"})
    other = SqliteEngine(path)
    with engine.snapshot():
        other.insert("notes", {"text": "two"})
        assert texts(engine) == ["one"]
    assert texts(engine) == ["one", "two"]
    with engine.transaction():
        engine.insert("notes", {"text": "three"})
    other.close()
