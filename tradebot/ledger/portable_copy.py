"""A copy of a ledger on any engine as one file of SQLite, which can be kept and read anywhere."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from tradebot.ledger.copy_rows import copy_everything
from tradebot.ledger.engine import APPLICATION_ID, Engine
from tradebot.ledger.sqlite_engine import SqliteEngine


def copy_into_file(source: Engine, path: Path) -> None:
    """Copy every row as of one moment into the file ``path``, which is new or empty. Raises LedgerError."""
    with closing(SqliteEngine(path, create=True)) as target, source.snapshot():
        target.migrate_to(source.version(), APPLICATION_ID)
        with target.transaction():
            copy_everything(source, target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, without companions
