"""The ledger's engine over a real file, with steps between its statements at which a disk or a process can fail."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from tests.worlds.faults import Fault, FaultKind, Io, of_kind
from tradebot.errors import LedgerError
from tradebot.ledger.engine import Row, Value
from tradebot.ledger.sqlite_engine import SqliteEngine

T = TypeVar("T")
K = FaultKind

#: What can strike a statement, and what only the one that begins or ends a transaction.
SQL_FAULTS = (K.DB_FULL, K.DB_IO_ERROR, K.KILL)
#: How often a process that finds the database locked looks again before it gives up, where another works beside it.
_PATIENCE = 2000


class WatchedEngine(SqliteEngine):
    """The engine, one step a statement.

    Where another process holds the database, it lets that one go on and tries again, as SQLite does by waiting.
    """

    def __init__(self, path: Path, io: Io, *, waits: bool) -> None:
        self._io = io
        self._waits = waits
        super().__init__(path, durable=False, busy_seconds=0.0)

    def execute(self, sql: str, values: Mapping[str, Value] | None = None) -> int:
        return self._watched(sql, lambda: super(WatchedEngine, self).execute(sql, values))

    def all(self, sql: str, values: Mapping[str, Value] | None = None) -> list[Row]:
        return self._watched(sql, lambda: super(WatchedEngine, self).all(sql, values))

    def insert_many(self, table: str, rows: Sequence[Mapping[str, Value]]) -> None:
        self._watched(f"INSERT INTO {table}", lambda: super(WatchedEngine, self).insert_many(table, rows))

    def _watched(self, sql: str, run: Callable[[], T]) -> T:
        struck = self._io.step("sql", *_names(sql))
        if not struck:
            return self._run_waiting(sql, run)
        full = next(of_kind(struck, K.DB_FULL), None)
        if full is not None:
            self._connection.execute("PRAGMA max_page_count = 1")  # no page more than there are
        self._fail_at(struck, sql, run)
        with self._locked(struck, sql):
            try:
                return self._run_waiting(sql, run)
            except LedgerError:
                if full is not None:
                    self._io.meet(full, _first_word(sql))
                raise
            finally:
                if full is not None:
                    self._connection.execute(f"PRAGMA max_page_count = {1 << 30}")

    def _run_waiting(self, sql: str, run: Callable[[], T]) -> T:
        if not self._waits or sql != "BEGIN IMMEDIATE":
            return run()
        for _ in range(_PATIENCE):
            try:
                return run()
            except LedgerError as error:
                if "is locked" not in str(error):
                    raise
                self._io.step("waiting")
        return run()

    def _fail_at(self, struck: tuple[Fault, ...], sql: str, run: Callable[[], T]) -> None:
        for fault in of_kind(struck, K.DB_COMMIT_UNSEEN, K.DB_IO_ERROR):
            if fault.kind is K.DB_COMMIT_UNSEEN and sql != "COMMIT":
                continue
            self._io.meet(fault, _first_word(sql))
            if fault.kind is K.DB_COMMIT_UNSEEN:
                run()
            error = sqlite3.OperationalError(f"disk I/O error: {fault.kind}")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            self._fail(error)

    @contextmanager
    def _locked(self, struck: tuple[Fault, ...], sql: str) -> Iterator[None]:
        """Another program holds the database while the statement runs."""
        fault = next(of_kind(struck, K.DB_LOCKED), None)
        if fault is None or self._depth or sql != "BEGIN IMMEDIATE":
            yield
            return
        self._io.meet(fault, _first_word(sql))
        with closing(sqlite3.connect(self._path, isolation_level=None, timeout=0.0)) as other:
            with suppress(sqlite3.OperationalError):  # a process beside this one holds it, which is as good
                other.execute("BEGIN IMMEDIATE")
            yield


def _names(sql: str) -> tuple[str, ...]:
    if sql == "COMMIT":
        return ("commit",)
    return ("begin",) if sql == "BEGIN IMMEDIATE" else ()


def _first_word(sql: str) -> str:
    return " ".join(sql.split()[:3])
