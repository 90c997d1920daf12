"""Runs the command line as it is or without waiting for the disk. For benchmarks only, never for trading.

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


class UnsyncedConnection(sqlite3.Connection):
    """A connection with synchronous=OFF, whatever the program asks for."""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """Execute a statement; PRAGMA synchronous sets OFF."""
        if sql.startswith("PRAGMA synchronous"):
            sql = "PRAGMA synchronous = OFF"
        return super().execute(sql, *values)


def stop_syncing() -> None:
    """Make every fsync and every commit of this process return at once."""
    sqlite3.connect = partial(sqlite3.connect, factory=UnsyncedConnection)  # type: ignore[assignment]
    os.fsync = lambda fd: None


if __name__ == "__main__":
    variant, *arguments = sys.argv[1:]
    if variant == "unsynced":
        stop_syncing()
    sys.argv[1:] = arguments
    from tradebot.__main__ import main

    sys.exit(main())
