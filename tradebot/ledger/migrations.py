"""The migrations of the schema. A released one is never changed: a new one is added below it.

The module is imported only to create or migrate a ledger, because sqlite-utils imports pandas where that is installed.
The statements are SQL, not calls of sqlite-utils, which has neither CHECK constraints nor triggers; its
``transform()`` drops triggers.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations

from tradebot.ledger.by_account import number_by_account
from tradebot.ledger.shorter_rows import shorten
from tradebot.ledger.smaller_tables import make_smaller

migrations = Migrations("tradebot")
_SCHEMA = Path(__file__).with_name("schema")


def migrate(connection: sqlite3.Connection) -> None:
    """Apply every migration that the database lacks, inside the caller's transaction."""
    migrations.apply(Database(connection, execute_plugins=False))


def _execute(database: Database, *scripts: Path) -> None:
    """Execute the statements of scripts inside the caller's transaction.

    ``executescript`` of sqlite3 would commit; that of sqlite-utils takes longer to part them than they take.
    """
    for script in scripts:
        statement = ""
        *parts, rest = script.read_text(encoding="utf-8").split(";")
        for part in parts:
            statement += f"{part};"
            if sqlite3.complete_statement(statement):  # the semicolon is in no trigger, comment or text
                database.conn.execute(statement)
                statement = ""
        assert not (statement + rest).strip(), f"{script} ends in the middle of a statement"


@migrations()
def m0001_first(database: Database) -> None:
    """The tables and views of version 1."""
    _execute(database, _SCHEMA / "0001_tables.sql", _SCHEMA / "0001_views.sql")


@migrations()
def m0002_stopping(database: Database) -> None:
    """Alerts, counters of the order controls, scopes of halts, and the schedule."""
    _execute(database, *sorted(_SCHEMA.glob("0002_*.sql")))


@migrations()
def m0003_kinds(database: Database) -> None:
    """Order kinds in the broker's view of its orders."""
    _execute(database, _SCHEMA / "0003_kinds.sql")


@migrations()
def m0004_real_accounts(database: Database) -> None:
    """Openings, confirmed breaks, ends of halts, and what else a real account needs."""
    _execute(database, *sorted(_SCHEMA.glob("0004_*.sql")))


@migrations()
def m0005_honest_home(database: Database) -> None:
    """What a home needs that is told when something of it is lost."""
    _execute(database, *sorted(_SCHEMA.glob("0005_*.sql")))


@migrations()
def m0006_a_day_with_it(database: Database) -> None:
    """What is stored when it happens, so that a session can be explained and its cost told afterwards."""
    _execute(database, *sorted(_SCHEMA.glob("0006_*.sql")))


@migrations()
def m0007_by_account(database: Database) -> None:
    """Numbers and chains by account."""
    number_by_account(database.conn)
    _execute(database, *sorted(_SCHEMA.glob("0007_*.sql")))


@migrations()
def m0008_many_accounts(database: Database) -> None:
    """What several accounts and homes in one ledger need, fewer bytes a row, and the views of the newest rows."""
    make_smaller(database.conn)
    for view in database.view_names():
        database.execute(f"DROP VIEW {view}")
    _execute(database, *sorted(_SCHEMA.glob("0008_*.sql")), *sorted(_SCHEMA.glob("shared/0008_*.sql")))


@migrations()
def m0009_shorter_rows(database: Database) -> None:
    """Short keys and packed hashes in the rows, and what else halves the bytes of a fill."""
    shorten(database.conn)
    _execute(database, *sorted(_SCHEMA.glob("0009_*.sql")), *sorted(_SCHEMA.glob("shared/0009_*.sql")))


@migrations()
def m0010_decision_inputs(database: Database) -> None:
    """What a session's entries were decided on, with digests of the bars."""
    _execute(database, *sorted(_SCHEMA.glob("0010_*.sql")), *sorted(_SCHEMA.glob("shared/0010_*.sql")))
