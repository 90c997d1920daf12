"""The engine: the seam between the ledger's SQL and the database that runs it.

Callers write SQL that SQLite and PostgreSQL both accept: named parameters (``:name``), ON CONFLICT, RETURNING, no
function of one of them. They get rows as mappings, transactions that nest, and LedgerError.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from tradebot.settings.ledger_location import LedgerLocation

#: The type of a column: text (money and time included), whole number or NULL.
Value = str | int | None
Row = Mapping[str, Any]

#: "tb01", the application id of our ledgers (https://www.sqlite.org/pragma.html#pragma_application_id).
APPLICATION_ID = 0x74623031
#: Seconds that a statement waits for another process before it raises LedgerBusy.
BUSY_SECONDS = 5.0


class AccountHold(Protocol):
    """The hold of this process on an account, among all processes that use the ledger."""

    def assert_held(self) -> None:
        """Raise Locked where another process has it, and LedgerError where nobody can tell."""

    def release(self) -> None:
        """Let others hold the account."""


class Engine(Protocol):
    """One connection to one database.

    Every method raises LedgerBusy while another process holds what it needs, and LedgerError, with a remedy, for any
    other error of the database.
    """

    location: LedgerLocation

    def close(self) -> None:
        """Close the connection."""

    def reopened(self) -> Engine:
        """Another connection to the same database, read in the same way."""
        ...

    def of_account(self, account_key: str) -> Engine:
        """The same connection for the rows of one account, whose transactions keep its other writers off."""
        ...

    def refuse_writes(self) -> None:
        """From now on every statement that would change the database raises LedgerError."""

    # --- statements ----------------------------------------------------------------------

    def execute(self, sql: str, values: Mapping[str, Value] | None = None) -> int:
        """Run one statement and return the number of changed rows."""
        ...

    def all(self, sql: str, values: Mapping[str, Value] | None = None) -> list[Row]:
        """Run one statement and return its rows."""
        ...

    def one(self, sql: str, values: Mapping[str, Value] | None = None) -> Row | None:
        """Run one statement and return its first row, or None."""
        rows = self.all(sql, values)
        return rows[0] if rows else None

    def each(self, sql: str, values: Mapping[str, Value] | None = None) -> Iterator[Row]:
        """Run one statement and yield its rows, for tables that do not fit into memory."""
        ...

    def tuples(self, sql: str, **parameters: Value) -> Iterator[tuple[Any, ...]]:
        """Run one statement and yield its rows as tuples, for tables that are read whole."""
        ...

    def insert(self, table: str, values: Mapping[str, Value], clause: str = "") -> Row | None:
        """Insert one row. ``clause`` may add ON CONFLICT and RETURNING, whose row is returned."""
        return self.one(insertion(table, tuple(values), clause), values)

    def insert_many(self, table: str, rows: Sequence[Mapping[str, Value]]) -> None:
        """Insert rows with the same columns."""

    # --- transactions --------------------------------------------------------------------

    def transaction(self) -> AbstractContextManager[None]:
        """Commit all writes of the block, or none. A nested transaction undoes only its own; the outermost commits."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Read one state of the database in the block, whatever others commit meanwhile. Nothing is written."""
        ...

    def lock_account(self, account_key: str) -> None:
        """Keep other writers off the rows of an account until the end of the transaction, which must have begun."""

    # --- the account across hosts --------------------------------------------------------

    def hold_account(self, account_key: str) -> AccountHold | None:
        """Hold an account until this process ends or lets go; None where another process holds it, on whatever host."""
        ...

    def is_account_held(self, account_key: str) -> bool:
        """Whether any process holds an account."""
        ...

    def end_account_hold(self, account_key: str) -> None:
        """Take an account from the process that holds it, which may hang. It stores nothing more by this connection."""

    # --- the schema ----------------------------------------------------------------------

    def version(self) -> int:
        """The schema version; 0 for a database without one."""
        ...

    def application(self) -> int:
        """The application id of the database; 0 for none."""
        ...

    def migrate_to(self, version: int, application: int) -> None:
        """Migrate the schema to ``version``, unless another process has just done it. Nothing is left half done."""

    def tables(self) -> dict[str, tuple[str, ...]]:
        """The columns of the primary key of every table, by the table's name."""
        ...

    def columns(self, table: str) -> tuple[str, ...]:
        """The names of the columns of a table."""
        ...

    def missing_guards(self, tables: Sequence[str]) -> Sequence[tuple[str, str]]:
        """The tables, each with a verb (such as UPDATE) that no trigger of ours refuses there."""
        ...

    # --- the whole database --------------------------------------------------------------

    def damage(self) -> list[str]:
        """The faults that the database finds in its own storage, one a line; empty for a sound one."""
        ...

    def dangling(self) -> list[Row]:
        """The rows whose foreign keys refer to missing rows, as ``table`` and ``rowid``."""
        ...

    def copy_to(self, path: Path) -> None:
        """Copy the ledger as of one moment into the single SQLite file ``path`` while other processes go on writing.

        The copy is on the disk on return. The file is new, or empty and replaced. Raises LedgerError.
        """


@lru_cache(maxsize=256)
def insertion(table: str, columns: tuple[str, ...], clause: str) -> str:
    """The statement that inserts a row with these columns."""
    slots = ", ".join(f":{column}" for column in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({slots}) {clause}"
