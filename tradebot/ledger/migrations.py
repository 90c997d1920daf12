"""The schema's history. A migration that has been released is never changed; a new one is added below it.

Imported only to create or migrate a ledger: sqlite-utils imports pandas where it is installed, which a command that
finds a current ledger must not pay for. The statements are SQL rather than sqlite-utils calls because those know
neither CHECK constraints nor triggers; beware of ``transform()``, which drops triggers.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations

migrations = Migrations("tradebot")
_SCHEMA = Path(__file__).with_name("schema")


def migrate(connection: sqlite3.Connection) -> None:
    """Apply every migration that the database has not seen, inside the caller's transaction."""
    migrations.apply(Database(connection, execute_plugins=False))


@migrations()
def m0001_first(database: Database) -> None:
    database.executescript((_SCHEMA / "0001_tables.sql").read_text(encoding="utf-8"))
    database.executescript((_SCHEMA / "0001_views.sql").read_text(encoding="utf-8"))


@migrations()
def m0002_stopping(database: Database) -> None:
    for part in sorted(_SCHEMA.glob("0002_*.sql")):
        database.executescript(part.read_text(encoding="utf-8"))


@migrations()
def m0003_kinds(database: Database) -> None:
    database.executescript((_SCHEMA / "0003_kinds.sql").read_text(encoding="utf-8"))
