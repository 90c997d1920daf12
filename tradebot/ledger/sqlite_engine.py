"""The engine over a file of SQLite.

Trading needs every commit on the disk before a request is sent: it runs with
synchronous=FULL. A replay can be repeated and runs with ``durable=False``: a power cut may lose the newest commits and
never damages the file (https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from tradebot.core.model.order_ids import account_hash
from tradebot.errors import LedgerBusy, LedgerError
from tradebot.home import sqlite_version
from tradebot.home.locks import try_lock
from tradebot.home.regular_files import NotRegularFile, check_database
from tradebot.ledger.engine import BUSY_SECONDS, AccountHold, Engine, Row, Value, insertion

#: Seconds between two tries of a statement that SQLite itself does not wait with.
_RETRY_SECONDS = 0.01

_BACKUP = "Put your newest backup in its place, or make a fresh one from what the broker knows with `tradebot rebuild`."
_EXPLANATIONS: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_BUSY: (
        "is locked by another process, which did not let go in time",
        "Close any database browser or backup that holds it, then run the command again.",
    ),
    sqlite3.SQLITE_FULL: ("cannot grow: the disk is full", "Make room, then run the command again."),
    sqlite3.SQLITE_READONLY: (
        "cannot be written: the file or its folder is read-only",
        "Give this user the right to write in both.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened",
        "Check that it is a file, and that this user may read and write it and its folder.",
    ),
    sqlite3.SQLITE_NOTADB: ("is not a database", "Check DATABASE_URL. If it names the right file: " + _BACKUP),
    sqlite3.SQLITE_CORRUPT: ("is damaged", _BACKUP),
    sqlite3.SQLITE_IOERR: ("cannot be read or written: the disk reports an error", "Check the disk. " + _BACKUP),
    sqlite3.SQLITE_CONSTRAINT: ("refused a row", "Nothing of this step was stored."),
}
_ALIASES = {sqlite3.SQLITE_LOCKED: sqlite3.SQLITE_BUSY, sqlite3.SQLITE_PERM: sqlite3.SQLITE_READONLY}


VERSION_REMEDY = sqlite_version.REMEDY


def version_trouble() -> str:
    """Why this Python's SQLite does not do; "" if it does."""
    return sqlite_version.trouble(sqlite3.sqlite_version_info)


class SqliteEngine(Engine):
    """One connection to one database file.

    Every method raises LedgerBusy while another process holds the file, and LedgerError, with a remedy, for any other
    error of the file.
    """

    def __init__(
        self,
        path: Path,
        *,
        create: bool = False,
        durable: bool = True,
        busy_seconds: float = BUSY_SECONDS,
        frozen: bool = False,
    ) -> None:
        """Connect. ``frozen``: read as if nobody wrote it, with no lock and no file beside it; the newest may miss."""
        self.location = self._path = path
        self._busy_seconds = busy_seconds
        self._frozen = frozen
        self._depth = 0
        sqlite_version.refuse_old(sqlite3.sqlite_version_info)
        _refuse_pipes(path)
        mode = "ro&immutable=1" if frozen else "rwc" if create else "rw"
        uri = f"{path.absolute().as_uri()}?mode={mode}"
        try:
            # isolation_level=None: the driver begins no transaction of its own, and every one of ours is immediate
            self._connection = sqlite3.connect(uri, uri=True, timeout=busy_seconds, isolation_level=None)
        except sqlite3.Error as error:
            self._fail(error)
        try:
            self.execute("PRAGMA foreign_keys = ON")
            self.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def reopened(self) -> SqliteEngine:
        """Another connection to the same file, read in the same way."""
        return SqliteEngine(self._path, busy_seconds=self._busy_seconds, frozen=self._frozen)

    def of_account(self, account_key: str) -> SqliteEngine:
        """This engine: each of its transactions keeps every other writer off."""
        return self

    def refuse_writes(self) -> None:
        """From now on every statement that would change the file raises LedgerError."""
        self.execute("PRAGMA query_only = ON")

    # --- statements ----------------------------------------------------------------------

    def execute(self, sql: str, values: Mapping[str, Value] | None = None) -> int:
        """Run one statement and return the number of changed rows."""
        return self._run(sql, values)[0].rowcount

    def all(self, sql: str, values: Mapping[str, Value] | None = None) -> list[Row]:
        """Run one statement and return its rows."""
        cursor, rows = self._run(sql, values)
        if not rows:
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def each(self, sql: str, values: Mapping[str, Value] | None = None) -> Iterator[Row]:
        """Run one statement and yield its rows, for tables that do not fit into memory."""
        try:
            cursor = self._connection.execute(sql, values or {})
            names = [column[0] for column in cursor.description]
            for row in cursor:
                yield dict(zip(names, row, strict=True))
        except sqlite3.Error as error:
            self._fail(error)

    def tuples(self, sql: str, **parameters: Value) -> Iterator[tuple[Any, ...]]:
        """Run one statement and yield its rows as tuples, for tables that are read whole."""
        try:
            yield from self._connection.execute(sql, parameters)
        except sqlite3.Error as error:
            self._fail(error)

    def lock_account(self, account_key: str) -> None:
        """Keep other writers off the rows of an account until the end of the transaction.

        SQLite has one writer at a time, which every transaction is from its beginning.
        """
        if not self._depth:
            raise RuntimeError(f"the rows of {account_key} are written outside a transaction")

    def insert_many(self, table: str, rows: Sequence[Mapping[str, Value]]) -> None:
        """Insert rows with the same columns."""
        if not rows:
            return
        try:
            self._connection.executemany(insertion(table, tuple(rows[0]), ""), rows)
        except sqlite3.Error as error:
            self._fail(error)

    def _run(self, sql: str, values: Mapping[str, Value] | None) -> tuple[sqlite3.Cursor, list[tuple[Any, ...]]]:
        if self._depth and not self._connection.in_transaction:
            raise LedgerError(f"The ledger {self._path} undid the step that was being written. Run the command again.")
        try:
            cursor = self._connection.execute(sql, values or {})
            return cursor, cursor.fetchall()
        except sqlite3.Error as error:
            self._fail(error)

    def _fail(self, error: sqlite3.Error) -> NoReturn:
        """Raise the LedgerError for an error of SQLite. A wrong statement of ours is a bug and raised as it is."""
        if isinstance(error, sqlite3.ProgrammingError):
            raise error
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        code = _ALIASES.get(code, code)
        what, remedy = _EXPLANATIONS.get(code, ("answered with an error", _BACKUP))
        kind = LedgerBusy if code == sqlite3.SQLITE_BUSY else LedgerError
        raise kind(f"The ledger {self._path} {what} ({error}). {remedy}") from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all writes of the block, or none. A nested transaction undoes only its own; the outermost commits.

        The write lock is taken at the beginning (BEGIN IMMEDIATE): SQLite refuses a reader that becomes a writer
        without waiting if another process has written in between.
        """
        name = f"nested_{self._depth}"
        nested = self._depth > 0
        self.execute(f"SAVEPOINT {name}" if nested else "BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
            self.execute(f"RELEASE {name}" if nested else "COMMIT")
        except BaseException:
            self._undo(name if nested else None)
            raise
        finally:
            self._depth -= 1

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one state of the database in the block, whatever other processes commit meanwhile. Nothing is written.

        SQLite takes the snapshot with the first read (https://www.sqlite.org/isolation.html).
        """
        self.execute("BEGIN")
        try:
            self.all("SELECT name FROM sqlite_master LIMIT 1")
            yield
        finally:
            self._undo(None)

    def _undo(self, savepoint: str | None) -> None:
        if not self._connection.in_transaction:  # SQLite rolled back by itself, as it may on a full disk
            return
        with suppress(sqlite3.Error):  # the first error is the one to report
            if savepoint is None:
                self._connection.execute("ROLLBACK")
            else:
                self._connection.execute(f"ROLLBACK TO {savepoint}")
                self._connection.execute(f"RELEASE {savepoint}")

    # --- the account across hosts --------------------------------------------------------

    def hold_account(self, account_key: str) -> AccountHold | None:
        """Hold an account by a lock file beside the ledger; None where another process holds it."""
        file = self._hold_file(account_key)
        try:
            return try_lock(file)
        except OSError as error:
            raise self._no_hold(file, error) from error

    def is_account_held(self, account_key: str) -> bool:
        """Whether any process holds an account."""
        if not self._hold_file(account_key).exists():
            return False
        hold = self.hold_account(account_key)
        if hold is not None:
            hold.release()
        return hold is None

    def end_account_hold(self, account_key: str) -> None:
        """Remove the lock file: its holder keeps the lock of a file that is no more, and notices."""
        file = self._hold_file(account_key)
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise self._no_hold(file, error) from error

    def _hold_file(self, account_key: str) -> Path:
        return self.location.with_name(f"{self.location.name}.account-{account_hash(account_key)}.lock")

    def _no_hold(self, file: Path, error: OSError) -> LedgerError:
        return LedgerError(
            f"The lock {file} beside the ledger cannot be used: {error.strerror or error}. Give this user the right to "
            "write in its folder."
        )

    # --- the schema ----------------------------------------------------------------------

    def version(self) -> int:
        """The schema version of the file; 0 for a file without one."""
        return self._pragma("user_version")

    def application(self) -> int:
        """The application id in the file's header; 0 for none."""
        return self._pragma("application_id")

    def tables(self) -> dict[str, tuple[str, ...]]:
        """The columns of the primary key of every table of the ledger, by the table's name."""
        names = [row["name"] for row in self.all("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {
            name: tuple(
                row["name"]
                for row in self.all(
                    "SELECT name FROM pragma_table_info(:name) WHERE pk > 0 ORDER BY pk", {"name": name}
                )
            )
            for name in names
            if not name.startswith(("sqlite_", "_"))
        }

    def columns(self, table: str) -> tuple[str, ...]:
        """The names of the columns of a table."""
        rows = self.all("SELECT name FROM pragma_table_info(:table) ORDER BY cid", {"table": table})
        return tuple(row["name"] for row in rows)

    def triggers(self) -> dict[str, str]:
        """The SQL of every trigger, by its name."""
        rows = self.all("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return {row["name"]: row["sql"] for row in rows}

    def missing_guards(self, tables: Sequence[str]) -> list[tuple[str, str]]:
        """The tables, each with a verb that no trigger of ours refuses there."""
        present = {" ".join(sql.split()) for sql in self.triggers().values()}
        verbs = ((table, verb) for table in tables for verb in ("UPDATE", "DELETE"))
        return [(table, verb) for table, verb in verbs if _guard(table, verb) not in present]

    def migrate_to(self, version: int, application: int) -> None:
        """Migrate the schema to ``version`` in one transaction, unless another process has just done it.

        Foreign keys are checked at its end, because a table that others refer to may be made anew
        (https://www.sqlite.org/lang_altertable.html#otheralter).
        """
        from tradebot.ledger.migrations import migrate  # sqlite-utils imports pandas

        self._switch_to_wal()
        self.execute("PRAGMA foreign_keys = OFF")
        try:
            with self.transaction():
                if self.version() >= version:
                    return
                try:
                    migrate(self._connection)
                except sqlite3.Error as error:
                    self._fail(error)
                self.execute(f"PRAGMA application_id = {application}")
                self.execute(f"PRAGMA user_version = {version}")
        finally:
            self.execute("PRAGMA foreign_keys = ON")

    def _switch_to_wal(self) -> None:
        """Set the journal mode, which the file keeps. Raises LedgerBusy after ``busy_seconds``.

        SQLite does not wait here by itself: the statement reads before it writes, and a reader that turns writer while
        another process writes is refused at once (https://www.sqlite.org/c3ref/busy_handler.html).
        """
        deadline = time.monotonic() + self._busy_seconds
        while True:
            try:
                self.execute("PRAGMA journal_mode = WAL")
                return
            except LedgerBusy:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_RETRY_SECONDS)

    def damage(self) -> list[str]:
        """The faults that SQLite finds in the file, one a line; empty for a sound file."""
        lines = [row["integrity_check"] for row in self.all("PRAGMA integrity_check")]
        return [line for line in lines if line != "ok"]

    def copy_to(self, path: Path) -> None:
        """Copy the database as of one moment into the single file ``path`` while other processes go on writing.

        It is SQLite's online backup (https://www.sqlite.org/backup.html), on the disk on return. The file is new, or
        empty and replaced. Raises LedgerError.
        """
        try:
            uri = path.absolute().as_uri()  # a path as text need not be one in UTF-8
            with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as copy:
                copy.execute("PRAGMA synchronous = FULL")
                self._connection.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, without companions
        except sqlite3.Error as error:
            raise LedgerError(
                f"{self._path} could not be copied to {path} ({error}). Check that the first is sound and that there "
                "is room for the second."
            ) from error

    def dangling(self) -> list[Row]:
        """The rows whose foreign keys refer to missing rows, as ``table`` and ``rowid``."""
        return self.all('SELECT "table", rowid FROM pragma_foreign_key_check')

    def _pragma(self, name: str) -> int:
        row = self.one(f"PRAGMA {name}")
        return int(row[name]) if row else 0


def _guard(table: str, verb: str) -> str:
    """The SQL of the trigger that refuses ``verb`` on a table."""
    return (
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN"
        f" SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _refuse_pipes(path: Path) -> None:
    """Raise LedgerError for what SQLite would wait for, or would take for a missing file."""
    try:
        check_database(path)
    except NotRegularFile as error:
        raise LedgerError(
            f"The ledger's file {error.filename} cannot be opened: {error}. Remove it. {_BACKUP}"
        ) from error
