"""Runs the command line as it is, or with nothing in it that waits for the disk; for measuring, never for trading.

python scripts/bench/unsynced.py as-it-is|unsynced COMMAND...
"""

from __future__ import annotations

import os
import sqlite3
import sys
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


class Careless(sqlite3.Connection):
    """A connection that hands what it writes to the system and does not wait until it is on the disk."""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """Execute a statement; one that asks for syncing is replaced by one that switches it off."""
        if sql.startswith("PRAGMA synchronous"):
            sql = "PRAGMA synchronous = OFF"
        return super().execute(sql, *values)


def forget_the_disk() -> None:
    """Take the wait out of every fsync and every commit of this process."""
    sqlite3.connect = partial(sqlite3.connect, factory=Careless)  # type: ignore[assignment]
    os.fsync = lambda fd: None


if __name__ == "__main__":
    how, *arguments = sys.argv[1:]
    if how == "unsynced":
        forget_the_disk()
    sys.argv[1:] = arguments
    from tradebot.__main__ import main

    sys.exit(main())
