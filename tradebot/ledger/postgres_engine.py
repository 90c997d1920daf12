"""The engine over a database of a PostgreSQL server, by psycopg 3.

Trading needs every commit on the server's disk before a request is sent: it runs with synchronous_commit=on. A replay
can be repeated and runs with ``durable=False``. Transactions are READ COMMITTED: those of an account begin with a lock
on its row, so that each reads what the one before it wrote.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

import psycopg
from psycopg import sql as composing
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row, tuple_row

from tradebot.errors import LedgerError
from tradebot.ledger import postgres_holds
from tradebot.ledger import postgres_schema as schema
from tradebot.ledger.engine import APPLICATION_ID, BUSY_SECONDS, AccountHold, Engine, Row, Value, insertion
from tradebot.ledger.portable_copy import copy_into_file
from tradebot.ledger.postgres_connection import Connection, connect
from tradebot.ledger.postgres_errors import is_lost_connection, is_mistake, ledger_error
from tradebot.ledger.postgres_sql import translated
from tradebot.settings.ledger_location import LedgerServer

#: Rows that are asked of the server at a time where a table is read whole.
_PORTION = 2_000
#: Seconds between two tries to learn the outcome of a commit whose answer was lost.
_RETRY_SECONDS = 0.2
_BEGIN = "BEGIN; SELECT pg_current_xact_id()::text AS xid, pg_backend_pid() AS backend"
_LOCK = "SELECT account_key FROM accounts WHERE account_key = {} FOR UPDATE"


@dataclass(slots=True)
class _Session:
    """The connection, and the transaction that is open on it."""

    connection: Connection
    depth: int = 0  # of nested transactions
    xid: str = ""  # of the outermost one
    backend: int = 0  # the process of the server
    locked: dict[str, int] = field(default_factory=dict)  # the depth at which each account was locked
    cursors: Iterator[int] = field(default_factory=count)


class PostgresEngine(Engine):
    """One connection to one database of a server.

    Every method raises LedgerBusy while another process holds what it needs, and LedgerError, with a remedy, for any
    other error of the server.
    """

    #: Seconds for which the outcome of a commit whose answer was lost is asked for.
    _outcome_seconds = 30.0

    def __init__(self, server: LedgerServer, *, durable: bool = True, busy_seconds: float = BUSY_SECONDS) -> None:
        self.location = self._server = server
        self._durable = durable
        self._busy_seconds = busy_seconds
        self._account: str | None = None
        self._session = _Session(self._connect())

    def _connect(self) -> Connection:
        return connect(self._server, durable=self._durable, busy_seconds=self._busy_seconds)

    def close(self) -> None:
        """Close the connection."""
        self._session.connection.close()

    def reopened(self) -> PostgresEngine:
        """Another connection to the same database."""
        return PostgresEngine(self._server, durable=self._durable, busy_seconds=self._busy_seconds)

    def refuse_writes(self) -> None:
        """From now on every statement that would change the database raises LedgerError."""
        self.execute("SET default_transaction_read_only = on")

    def of_account(self, account_key: str) -> PostgresEngine:
        """The same connection, whose transactions begin with the lock of the account."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, _account=account_key)
        return other

    # --- statements ----------------------------------------------------------------------

    def execute(self, sql: str, values: Mapping[str, Value] | None = None) -> int:
        """Run one statement and return the number of changed rows."""
        return self._run(sql, values).rowcount

    def all(self, sql: str, values: Mapping[str, Value] | None = None) -> list[Row]:
        """Run one statement and return its rows."""
        cursor = self._run(sql, values)
        return list(cursor.fetchall()) if cursor.description else []

    def each(self, sql: str, values: Mapping[str, Value] | None = None) -> Iterator[Row]:
        """Run one statement and yield its rows, for tables that do not fit into memory."""
        yield from self._stream(sql, values or {}, dict_row)

    def tuples(self, sql: str, **parameters: Value) -> Iterator[tuple[Any, ...]]:
        """Run one statement and yield its rows as tuples, for tables that are read whole."""
        yield from self._stream(sql, parameters, tuple_row)

    def insert_many(self, table: str, rows: Sequence[Mapping[str, Value]]) -> None:
        """Insert rows with the same columns."""
        if not rows:
            return
        try:
            with self._session.connection.cursor() as cursor:
                cursor.executemany(translated(insertion(table, tuple(rows[0]), "")), rows)
        except psycopg.Error as error:
            self._fail(error)

    def _stream(self, sql: str, values: Mapping[str, Value], factory: Any) -> Iterator[Any]:
        """The rows, in portions while a transaction is open, which alone keeps a cursor on the server."""
        session = self._session
        name = f"rows_{next(session.cursors)}" if session.connection.info.transaction_status else ""
        try:
            with session.connection.cursor(name, row_factory=factory) as cursor:
                if name:
                    cursor.itersize = _PORTION
                cursor.execute(translated(sql), values)
                yield from cursor
        except psycopg.Error as error:
            self._fail(error)

    def _run(self, sql: str, values: Mapping[str, Value] | None) -> psycopg.Cursor[dict[str, Any]]:
        connection = self._session.connection
        if self._session.depth and connection.info.transaction_status is TransactionStatus.IDLE:
            raise self._undone()
        try:
            return connection.execute(translated(sql), values or {})
        except psycopg.Error as error:
            self._fail(error)

    def _fail(self, error: psycopg.Error) -> NoReturn:
        """Raise the LedgerError for an error of the server. A wrong statement of ours is a bug and raised as it is."""
        if is_mistake(error):
            raise error
        raise ledger_error(self._server, error) from error

    # --- transactions --------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all writes of the block, or none. A nested transaction undoes only its own; the outermost commits.

        The outermost one of an account begins with the lock of its row. A commit whose answer is lost is looked up.
        """
        session = self._session
        savepoint = f"nested_{session.depth}" if session.depth else None
        if savepoint is None:
            self._begin()
        else:
            self.execute(f"SAVEPOINT {savepoint}")
        session.depth += 1
        try:
            yield
            if savepoint is None:
                self._commit()
            else:
                self.execute(f"RELEASE {savepoint}")
        except BaseException:
            self._undo(savepoint)
            raise
        finally:
            session.depth -= 1
            if not session.depth:
                session.locked.clear()

    def _begin(self) -> None:
        """Begin a transaction in one message, with the number by which its outcome can be looked up."""
        session = self._session
        lock = "" if self._account is None else f"; {composing.SQL(_LOCK).format(self._account).as_string()}"
        try:
            begun = session.connection.execute(_BEGIN + lock, prepare=False)
            begun.nextset()
            for row in begun:
                session.xid, session.backend = row["xid"], row["backend"]
        except psycopg.Error as error:
            self._undo(None)
            self._fail(error)
        if self._account is not None:
            session.locked[self._account] = 0

    def _undone(self) -> LedgerError:
        return LedgerError(f"The ledger {self._server} undid the step that was being written. Run the command again.")

    def _commit(self) -> None:
        connection = self._session.connection
        if connection.info.transaction_status is not TransactionStatus.INTRANS:  # else COMMIT would undo it, and say so
            raise self._undone()
        try:
            connection.execute("COMMIT")
        except psycopg.Error as error:
            if not is_lost_connection(error):
                self._fail(error)
            self._look_up(error)

    def _look_up(self, error: psycopg.Error) -> None:
        """Find out what became of a commit whose answer was lost; return if it was made. Raises LedgerError.

        The connection is a new one afterwards, without the locks and settings that others gave the old one.
        """
        session = self._session
        deadline = time.monotonic() + self._outcome_seconds
        outcome = ""
        while not outcome and time.monotonic() < deadline:
            with suppress(LedgerError, psycopg.Error):
                outcome = self._outcome()
            if not outcome:
                time.sleep(_RETRY_SECONDS)
        if outcome == "committed":
            return
        lost = str(ledger_error(self._server, error))
        if outcome == "aborted":
            raise LedgerError(lost) from error
        raise LedgerError(
            f"The ledger {self._server} was cut off while a step was stored, and whether it is stored could not be "
            f"asked for {self._outcome_seconds:.0f} seconds (transaction {session.xid}). The next job goes by what is "
            f"there: run the command again once the server answers. {lost}"
        ) from error

    def _outcome(self) -> str:
        """What became of the transaction: "committed", "aborted", or "" while the server is still at it."""
        session = self._session
        if session.connection.closed or session.connection.broken:
            session.connection.close()
            session.connection = self._connect()
        row = session.connection.execute(
            "SELECT pg_xact_status(%(xid)s::xid8) AS outcome", {"xid": session.xid}
        ).fetchone()
        outcome = str(row["outcome"]) if row else ""
        if outcome == "in progress":  # its process waits for a client that is gone
            session.connection.execute("SELECT pg_terminate_backend(%(pid)s)", {"pid": session.backend})
            return ""
        return outcome

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one state of the database in the block, whatever others commit meanwhile. Nothing is written."""
        try:
            self._session.connection.execute(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0"
            )
            yield
        except psycopg.Error as error:
            self._fail(error)
        finally:
            self._undo(None)

    def _undo(self, savepoint: str | None) -> None:
        session = self._session
        outer = session.depth - 1 if savepoint else 0  # locks that were taken since are gone with what is undone
        session.locked = {key: depth for key, depth in session.locked.items() if depth < outer}
        if session.connection.info.transaction_status is TransactionStatus.IDLE:
            return
        with suppress(psycopg.Error):  # the first error is the one to report
            if savepoint is None:
                session.connection.execute("ROLLBACK")
            else:
                session.connection.execute(f"ROLLBACK TO {savepoint}; RELEASE {savepoint}")

    def lock_account(self, account_key: str) -> None:
        """Keep other writers off the rows of an account until the end of the transaction.

        An account that is not pinned has no row to lock, and no row of it passes its foreign key.
        """
        session = self._session
        if not session.depth:
            raise RuntimeError(f"the rows of {account_key} are written outside a transaction")
        if account_key not in session.locked:
            self.all("SELECT account_key FROM accounts WHERE account_key = :key FOR UPDATE", {"key": account_key})
            session.locked[account_key] = session.depth - 1

    # --- the account across hosts --------------------------------------------------------

    def hold_account(self, account_key: str) -> AccountHold | None:
        """Hold an account until this connection ends or lets go; None where another one holds it."""
        with self._failing():
            return postgres_holds.take(lambda: self._session.connection, account_key)

    def is_account_held(self, account_key: str) -> bool:
        """Whether any connection holds an account."""
        with self._failing():
            return postgres_holds.holder(self._session.connection, account_key) is not None

    def end_account_hold(self, account_key: str) -> None:
        """End the connection that holds an account."""
        with self._failing():
            postgres_holds.end(self._session.connection, account_key)

    # --- the schema ----------------------------------------------------------------------

    def version(self) -> int:
        """The schema version; 0 for a database without one."""
        with self._failing():
            return schema.version(self._session.connection)

    def application(self) -> int:
        """The application id: ours where our versions stand, else 0."""
        return APPLICATION_ID if self.version() else 0

    def migrate_to(self, version: int, application: int) -> None:
        """Migrate the schema to ``version``, one transaction a version, unless another process has just done it.

        Raises LedgerError for a user who may not.
        """
        with self._failing():
            connection = self._session.connection
            if not schema.may_migrate(connection):
                raise schema.refuse_ddl(self._server, schema.version(connection), version)
            schema.migrate(connection, application, version)

    def grant(self, writer: str, password: str) -> None:
        """Make the roles of the ledger that are missing, and give each its rights."""
        with self._failing():
            schema.grant(self._session.connection, writer, password or None)

    def tables(self) -> dict[str, tuple[str, ...]]:
        """The columns of the primary key of every table, by the table's name."""
        with self._failing():
            return schema.tables(self._session.connection)

    def columns(self, table: str) -> tuple[str, ...]:
        """The names of the columns of a table."""
        with self._failing():
            return schema.columns(self._session.connection, table)

    def missing_guards(self, tables: Sequence[str]) -> list[tuple[str, str]]:
        """The tables and verbs that no trigger of ours refuses."""
        with self._failing():
            return list(schema.missing_guards(self._session.connection, tables))

    # --- the whole database --------------------------------------------------------------

    def damage(self) -> list[str]:
        """The faults that the server has counted in its files: pages whose checksum is wrong."""
        row = self.one("SELECT checksum_failures AS pages FROM pg_stat_database WHERE datname = current_database()")
        pages = (row["pages"] if row else 0) or 0
        return [f"the server found {pages} pages with a wrong checksum"] if pages else []

    def dangling(self) -> list[Row]:
        """The rows whose foreign keys refer to missing rows, as ``table`` and ``rowid``."""
        with self._failing():
            return list(schema.dangling(self._session.connection))

    def copy_to(self, path: Path) -> None:
        """Copy the ledger as of one moment into the single SQLite file ``path`` while other processes go on writing.

        The copy is on the disk on return. The file is new, or empty and replaced. Raises LedgerError.
        """
        copy_into_file(self, path)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Raise LedgerError for the errors of the server in the block."""
        try:
            yield
        except psycopg.Error as error:
            self._fail(error)
