"""A database read past the code that writes it: committed rows, as a stranger with a shell of its own sees them."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from tests.fakes.postgres import PostgresServer


class Row(Protocol):
    """A row by the names of its columns."""

    def __getitem__(self, name: str, /) -> Any: ...

    def keys(self) -> Iterable[str]: ...


class Eyes(ABC):
    """Reads what others write, by statements whose values stand as ``?``. Every thread may use it, one at a time."""

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def rows(self, sql: str, *values: str) -> Sequence[Row]: ...

    def texts(self, sql: str, *values: str) -> list[Any]:
        """The first column of every row."""
        return [next(iter(dict(row).values())) for row in self.rows(sql, *values)]


class FileEyes(Eyes):
    """Reads a file of SQLite."""

    def __init__(self, path: Path) -> None:
        uri = f"{path.as_uri()}?mode=ro"
        self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row

    def close(self) -> None:
        self._connection.close()

    def rows(self, sql: str, *values: str) -> list[sqlite3.Row]:
        return self._connection.execute(sql, values).fetchall()

    def texts(self, sql: str, *values: str) -> list[Any]:
        return [row[0] for row in self.rows(sql, *values)]


class ServerEyes(Eyes):
    """Reads a database of a server as its administrator. Where the server was restarted, it connects again."""

    def __init__(self, server: PostgresServer, database: str) -> None:
        self._url = server.url(database)
        self._connect()

    def _connect(self) -> None:
        import psycopg
        from psycopg.rows import dict_row

        self._connection = psycopg.connect(self._url, autocommit=True, row_factory=dict_row)

    def close(self) -> None:
        self._connection.close()

    def rows(self, sql: str, *values: str) -> list[dict[str, Any]]:
        from psycopg import OperationalError

        try:
            return self._fetched(sql, values)
        except OperationalError:
            self.close()
            self._connect()
            return self._fetched(sql, values)

    def _fetched(self, sql: str, values: tuple[str, ...]) -> list[dict[str, Any]]:
        return self._connection.execute(sql.replace("%", "%%").replace("?", "%s").encode(), values).fetchall()
