"""Opening a ledger: made when asked, refused with one clear message otherwise."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING

import pytest
import sqlite_utils

from tests.ledger.conftest import ACCOUNT, HOME, ON_A_FILE
from tradebot.errors import ExitCode, LedgerError
from tradebot.ledger import database as opening
from tradebot.ledger.audit import GENESIS
from tradebot.ledger.codec import columns_of
from tradebot.ledger.database import AccountLedger, Database, open_database
from tradebot.ledger.engine import APPLICATION_ID
from tradebot.ledger.migrations import migrations
from tradebot.ledger.orders import NOT_STORED
from tradebot.ledger.row_keys import FIRST
from tradebot.ledger.sqlite_engine import SqliteEngine
from tradebot.ledger.verify import verify_ledger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples

ROOT = Path(__file__).parents[2]

#: The end of a statement that reads one row, the newest of an account by the key of its table.
NEWEST_ROW = "ORDER BY seq DESC LIMIT 1"
#: The tables and indexes that hold what is open now, and no history.
OF_NOW = ("accounts", "chain_starts", "lots", "holdings", "orders_unsettled", "halts_latched", "breaks_open")


def refusal(path: Path, *, create: bool = False) -> str:
    with pytest.raises(LedgerError) as caught:
        open_database(path, create=create, busy_seconds=0.05)
    assert caught.value.exit_code is ExitCode.LEDGER
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_new_ledger_is_made_with_its_folder_and_opens_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "ledger.db"
    database = open_database(path, create=True)
    assert (database.location, database.head(ACCOUNT)[1]) == (path, GENESIS)
    assert database.engine.one("PRAGMA journal_mode") == {"journal_mode": "wal"}
    database.close()
    open_database(path, create=False).close()
    open_database(path, create=True).close()


@ON_A_FILE
def test_the_schema_version_counts_the_migrations(database: Database) -> None:
    applied = database.engine.all("SELECT name FROM _sqlite_migrations")
    assert len(applied) == opening.SCHEMA_VERSION == database.engine.version()


def test_what_an_older_version_saw_of_orders_stays(path: Path, some: Samples) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    migrations.apply(sqlite_utils.Database(connection), stop_before="m0003_kinds")
    connection.execute("PRAGMA user_version = 2")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(
        "INSERT INTO accounts (account_key, broker, mode, account_id, pinned_at, pinned)"
        " VALUES (?, 'paper', 'paper', 'PAPER-0001', '2007-01-03T14:35:00.000000Z', 1)",
        (some.account,),
    )
    values = {**columns_of(some.shown("B1"), without=NOT_STORED), "account_key": some.account}
    values |= {"first_seen": "then", "changed_at": "then"}
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    connection.execute(f"INSERT INTO broker_orders ({names}) VALUES ({marks})", values)
    connection.close()
    with closing(open_database(path, create=False)) as database:
        assert database.engine.one("SELECT * FROM broker_orders") == {**values, "account_key": FIRST}
        assert database.engine.one("SELECT symbol FROM v_broker_orders") == {"symbol": "AAPL"}
        assert verify_ledger(database) == ()


@ON_A_FILE
def test_every_table_is_strict_and_has_a_primary_key(database: Database) -> None:
    tables = database.engine.all("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    ours = {row["name"]: row["strict"] for row in tables if not row["name"].startswith(("sqlite_", "_sqlite_"))}
    assert set(ours.values()) == {1}
    assert all(database.engine.tables()[name] for name in ours)


def test_rows_of_an_account_carry_its_key(database: Database) -> None:
    for table in database.engine.tables():
        if table != "homes":
            assert "account_key" in database.engine.columns(table), table


def test_a_missing_ledger(path: Path) -> None:
    assert "is missing" in refusal(path)
    assert not path.exists()


def test_an_empty_file(path: Path) -> None:
    path.touch()
    assert "is empty" in refusal(path)
    open_database(path, create=True).close()
    open_database(path, create=False).close()


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("content", [b"hello\n", b"# notes\n" * 500, bytes(range(256)) * 8])
def test_a_file_that_is_no_database(path: Path, content: bytes, create: bool) -> None:
    path.write_bytes(content)
    assert "is not a database" in refusal(path, create=create)
    assert path.read_bytes() == content


def test_a_folder_in_its_place(path: Path) -> None:
    path.mkdir()
    assert "cannot be opened" in refusal(path)


def test_a_newer_ledger(path: Path) -> None:
    database = open_database(path, create=True)
    database.engine.execute(f"PRAGMA user_version = {opening.SCHEMA_VERSION + 1}")
    database.close()
    assert "newer version of tradebot" in refusal(path)
    assert "newer version of tradebot" in refusal(path, create=True)


@pytest.mark.parametrize("version", [0, 1])
def test_a_database_of_another_program(path: Path, version: int) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE songs (title TEXT)")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    assert "another program" in refusal(path)
    assert "another program" in refusal(path, create=True)


def test_a_locked_ledger(path: Path) -> None:
    open_database(path, create=True).close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    holder.execute("CREATE TABLE scratch (a)")
    assert "locked by another process" in refusal(path)
    holder.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_a_ledger_that_may_not_be_read(path: Path) -> None:
    open_database(path, create=True).close()
    path.chmod(0)
    assert "cannot be opened" in refusal(path)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match=r"folder .* cannot be made"):
        open_database(tmp_path / "file" / "ledger.db", create=True)


def test_a_new_ledger_waits_for_a_process_that_writes_to_the_file(path: Path) -> None:
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    release = Timer(0.2, holder.close)
    release.start()
    open_database(path, create=True, busy_seconds=60).close()
    release.join()
    open_database(path, create=False).close()


def test_a_new_ledger_gives_up_on_a_process_that_never_lets_go(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        assert "locked by another process" in refusal(path, create=True)


def test_processes_that_create_at_once_make_one_ledger(path: Path) -> None:
    code = f"""
from pathlib import Path
from tradebot.ledger.database import open_database
import tradebot.ledger.migrations
print("ready", flush=True)
input()
open_database(Path({str(path)!r}), create=True, busy_seconds=60).close()
"""
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for maker in makers:
        assert maker.stdout is not None
        assert maker.stdout.readline() == "ready\n"
    for maker in makers:
        assert maker.stdin is not None
        maker.stdin.write("\n")
        maker.stdin.flush()
    assert [maker.communicate(timeout=90) and maker.returncode for maker in makers] == [0, 0, 0]
    open_database(path, create=False).close()


def test_opening_a_current_ledger_imports_neither_pandas_nor_sqlite_utils(path: Path) -> None:
    open_database(path, create=True).close()
    code = f"""
import sys
from contextlib import closing
from pathlib import Path
from tradebot.ledger.database import open_database
open_database(Path({str(path)!r}), create=False).close()
print(sorted({{"pandas", "sqlite_utils", "numpy"}} & set(sys.modules)))
"""
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"


@ON_A_FILE
def test_what_a_job_reads_first_does_not_grow_with_history(
    database: Database, busy: AccountLedger, some: Samples
) -> None:
    statements: list[str] = []
    assert isinstance(database.engine, SqliteEngine)
    database.engine._connection.set_trace_callback(statements.append)  # the statements as they were really sent
    busy.books.cursor()
    busy.books.cash()
    busy.books.peak()
    busy.books.lots()
    busy.books.holdings()
    busy.books.previous_close(some.session)
    busy.books.first_of_session(some.session)
    busy.books.cash_flow(some.session)
    busy.orders.unsettled()
    busy.orders.entries_sent(some.session)
    busy.orders.of_session(some.session)
    busy.orders.attempts(some.session, "trend", "AAPL", "entry")
    busy.orders.get("x")
    busy.orders.owner_of("x", "y")
    busy.halts_and_breaks.halts()
    busy.halts_and_breaks.breaks()
    busy.runs.of_session(some.session)
    busy.runs.last_of_each_job()
    database.head(ACCOUNT)
    database.engine._connection.set_trace_callback(None)
    assert len(statements) > 20
    for sql in statements:
        for row in database.engine.all(f"EXPLAIN QUERY PLAN {sql}"):
            step = row["detail"]
            assert not step.startswith("SCAN"), (sql, step)
            # a search by account alone reads all that the account has: right only where that is what is open now
            is_of_now = any(name in step for name in OF_NOW) or sql.endswith(NEWEST_ROW)
            assert "(account_key=?)" not in step or is_of_now, (sql, step)


def test_a_row_for_an_account_that_was_never_pinned_is_refused(database: Database, some: Samples) -> None:
    stranger = database.bind("alpaca:live:123")
    assert stranger.books.peak() is None
    with pytest.raises(LedgerError, match=r"(?i)foreign key"):
        stranger.decisions.note("drill", "", some.at, {})


def test_a_transaction_over_several_writes_is_all_or_nothing(
    ledger: AccountLedger, database: Database, some: Samples
) -> None:
    before = database.head(ACCOUNT)
    with pytest.raises(ZeroDivisionError), ledger.transaction():
        ledger.decisions.note("drill", "one", some.at, {})
        ledger.decisions.note("drill", "two", some.at, {})
        raise ZeroDivisionError
    assert database.head(ACCOUNT) == before
    with ledger.transaction():
        ledger.decisions.note("drill", "one", some.at, {})
    assert database.head(ACCOUNT) != before


def test_accounts_do_not_see_each_other(database: Database, busy: AccountLedger, some: Samples) -> None:
    database.pinned_accounts.pin(HOME, some.pin(some.other_account))
    other = database.bind(some.other_account)
    assert other.books.cursor() is None
    assert other.books.cash() is None
    assert not other.books.lots()
    assert not other.books.holdings()
    assert not other.orders.unsettled()
    assert not other.orders.of_session(some.session)
    assert other.orders.get(some.intent().client_order_id) is None
    assert not other.halts_and_breaks.halts()
    assert not other.halts_and_breaks.breaks()
    assert not other.runs.last_of_each_job()
    assert not other.history.fills()
    assert not other.history.closing_equity()
    assert not other.decisions.between(None, None, None)
    before = busy.books.lots()
    other.books.book([some.bought("F1"), some.sold("F2")], some.at)  # ids that the first account has too
    assert len(other.history.fills()) == 2
    assert busy.books.lots() == before != ()
