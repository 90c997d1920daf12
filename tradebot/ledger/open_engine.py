"""Opens the engine of a ledger by where it lies."""

from __future__ import annotations

from pathlib import Path

from tradebot.errors import LedgerError
from tradebot.ledger.engine import BUSY_SECONDS, Engine
from tradebot.ledger.sqlite_engine import SqliteEngine
from tradebot.settings.ledger_location import LedgerLocation


def open_engine(
    location: LedgerLocation,
    *,
    create: bool = False,
    durable: bool = True,
    busy_seconds: float = BUSY_SECONDS,
    frozen: bool = False,
) -> Engine:
    """Connect to the ledger at ``location``.

    create: make the file if it is missing. A database on a server is made by its administrator.
    durable: wait for the disk at each commit; False is for replays.
    busy_seconds: how long to wait for another process.
    frozen: read a file as if nobody wrote it, with no lock and no file beside it; the newest may miss.
    """
    if isinstance(location, Path):
        return SqliteEngine(location, create=create, durable=durable, busy_seconds=busy_seconds, frozen=frozen)
    try:
        from tradebot.ledger.postgres_engine import PostgresEngine  # psycopg is an extra, and slow to import
    except ImportError as error:
        raise LedgerError(
            f"The ledger {location} cannot be opened: psycopg is missing ({error}). pip install 'tradebot[postgres]'"
        ) from error
    return PostgresEngine(location, durable=durable, busy_seconds=busy_seconds)
