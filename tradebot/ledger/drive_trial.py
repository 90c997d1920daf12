"""Trying on a drive what the ledger needs of it: locks between connections, and a write-ahead log."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Trial:
    """What a drive lacks."""

    trouble: str = ""  # why no ledger can be kept there
    has_wal: bool = True  # False: readers wait for writers, because the drive has no memory that processes share


def try_database(folder: Path) -> Trial:
    """Try a database in a folder: write through one connection, read through another. Nothing of it stays."""
    path = folder / f".tradebot-trial-{os.getpid()}.db"
    uri = path.absolute().as_uri()
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None)) as writer:
            mode = writer.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            writer.execute("PRAGMA synchronous = FULL")
            writer.execute("CREATE TABLE trial (number INTEGER)")
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("INSERT INTO trial VALUES (1)")
            if not _is_locked(uri):
                return Trial("its locks do not keep two programs from writing at once")
            writer.execute("COMMIT")
        return Trial(has_wal=mode == "wal")
    except sqlite3.Error as error:
        return Trial(f"no database can be kept there ({error})")
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            with suppress(OSError):
                Path(f"{path}{suffix}").unlink(missing_ok=True)


def _is_locked(uri: str) -> bool:
    """Whether a second connection is kept from writing."""
    with closing(sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None)) as second:
        try:
            second.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        return False
