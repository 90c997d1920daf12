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


@migrations()
def m0001_first(database: Database) -> None:
    """The tables and views of version 1."""
    database.executescript((_SCHEMA / "0001_tables.sql").read_text(encoding="utf-8"))
    database.executescript((_SCHEMA / "0001_views.sql").read_text(encoding="utf-8"))


@migrations()
def m0002_stopping(database: Database) -> None:
    """Alerts, counters of the order controls, scopes of halts, and the schedule."""
    for part in sorted(_SCHEMA.glob("0002_*.sql")):
        database.executescript(part.read_text(encoding="utf-8"))


@migrations()
def m0003_kinds(database: Database) -> None:
    """Order kinds in the broker's view of its orders."""
    database.executescript((_SCHEMA / "0003_kinds.sql").read_text(encoding="utf-8"))


@migrations()
def m0004_real_accounts(database: Database) -> None:
    """Openings, confirmed breaks, ends of halts, and what else a real account needs."""
    for part in sorted(_SCHEMA.glob("0004_*.sql")):
        database.executescript(part.read_text(encoding="utf-8"))


@migrations()
def m0005_honest_home(database: Database) -> None:
    """What a home needs that is told when something of it is lost."""
    for part in sorted(_SCHEMA.glob("0005_*.sql")):
        database.executescript(part.read_text(encoding="utf-8"))


@migrations()
def m0006_a_day_with_it(database: Database) -> None:
    """What is stored when it happens, so that a session can be explained and its cost told afterwards."""
    for part in sorted(_SCHEMA.glob("0006_*.sql")):
        database.executescript(part.read_text(encoding="utf-8"))


@migrations()
def m0007_by_account(database: Database) -> None:
    """Numbers and chains by account."""
    number_by_account(database.conn)
    for part in sorted(_SCHEMA.glob("0007_*.sql")):
        database.executescript(part.read_text(encoding="utf-8"))


@migrations()
def m0008_many_accounts(database: Database) -> None:
    """What several accounts and homes in one ledger need, fewer bytes a row, and the views of the newest rows."""
    make_smaller(database.conn)
    for view in database.view_names():
        database.execute(f"DROP VIEW {view}")
    for part in (*sorted(_SCHEMA.glob("0008_*.sql")), *sorted(_SCHEMA.glob("shared/0008_*.sql"))):
        database.executescript(part.read_text(encoding="utf-8"))


@migrations()
def m0009_shorter_rows(database: Database) -> None:
    """Short keys and packed hashes in the rows, and what else halves the bytes of a fill."""
    shorten(database.conn)
    for part in (*sorted(_SCHEMA.glob("0009_*.sql")), *sorted(_SCHEMA.glob("shared/0009_*.sql"))):
        database.executescript(part.read_text(encoding="utf-8"))


@migrations()
def m0010_decision_inputs(database: Database) -> None:
    """What a session's entries were decided on, with digests of the bars."""
    for part in (*sorted(_SCHEMA.glob("0010_*.sql")), *sorted(_SCHEMA.glob("shared/0010_*.sql"))):
        database.executescript(part.read_text(encoding="utf-8"))
