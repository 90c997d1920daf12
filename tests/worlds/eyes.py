"""A SQLite file read past the code that writes it: committed rows, as a stranger with the sqlite3 shell sees them."""

from __future__ import annotations

import sqlite3
from pathlib import Path


class Eyes:
    """Reads a file that others write. Its connection may be used by every thread, one at a time."""

    def __init__(self, path: Path) -> None:
        uri = f"{path.as_uri()}?mode=ro"
        self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row

    def close(self) -> None:
        self._connection.close()

    def rows(self, sql: str, *values: str) -> list[sqlite3.Row]:
        return self._connection.execute(sql, values).fetchall()

    def texts(self, sql: str, *values: str) -> list[str]:
        """The first column of every row."""
        return [row[0] for row in self.rows(sql, *values)]
