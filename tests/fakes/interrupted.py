"""``tradebot`` as a process that a signal meets: ``python -m tests.fakes.interrupted LOG SIGNAL N COMMAND ...``.

A step is an SQL statement (of SQLite or psycopg), a request over HTTP, or a call that makes, fills, flushes, renames or
removes a file. The signal comes right before the Nth, for 0 before the command's first line. Equal steps in a row count
as one. The file LOG gets a line for each step; of a request it has the words of the address, no number of an account.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from http.client import HTTPConnection
from itertools import count
from typing import Any

_CALLS = ("fsync", "ftruncate", "link", "mkdir", "open", "remove", "rename", "replace", "unlink", "write")


class _Steps:
    def __init__(self, log: str, number: signal.Signals, moment: int) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        self._write = os.write
        self._number = number
        self._moment = moment
        self._count = count(1)
        self._last = ""

    def watch(self) -> None:
        """Count from now on what this process does."""
        for name in _CALLS:
            setattr(os, name, self._watched(name, getattr(os, name)))
        connect = sqlite3.connect

        def connected(*given: Any, **named: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = connect(*given, **named)
            connection.set_trace_callback(lambda statement: self.step(" ".join(statement.split()[:3])))
            return connection

        setattr(sqlite3, "connect", connected)  # noqa: B010 - mypy knows its overloads
        self._watch_psycopg()
        begin = HTTPConnection.putrequest

        def requested(connection: HTTPConnection, method: str, url: str, *given: Any, **named: Any) -> None:
            words = [part for part in url.partition("?")[0].split("/") if part.isalpha()]
            self.step(" ".join([method, *words]))
            begin(connection, method, url, *given, **named)

        setattr(HTTPConnection, "putrequest", requested)  # noqa: B010 - likewise

    def _watch_psycopg(self) -> None:
        """Count the statements to a PostgreSQL server, where the command is told of one."""
        if not any("postgres" in text for text in (*sys.argv, os.environ.get("DATABASE_URL", ""))):
            return
        import psycopg

        for cursors in (psycopg.Cursor, psycopg.ServerCursor):
            for name in ("execute", "executemany"):
                setattr(cursors, name, self._watched_statement(getattr(cursors, name)))

    def _watched_statement(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(cursor: Any, query: Any, *rest: Any, **named: Any) -> Any:
            text = query if isinstance(query, str) else query.as_string(cursor)
            self.step("server " + " ".join(text.split()[:3]))
            return call(cursor, query, *rest, **named)

        return called

    def step(self, name: str) -> None:
        if name == self._last:
            return
        self._last = name
        if next(self._count) == self._moment:
            os.kill(os.getpid(), self._number)
        self._write(self._log, f"{name}\n".encode())

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(first: Any, *rest: Any, **named: Any) -> Any:
            self.step(f"{name} {os.path.basename(os.fspath(first)) if not isinstance(first, int) else ''}")  # noqa: PTH119
            return call(first, *rest, **named)

        return called


def main() -> int:
    log, number, moment = sys.argv[1], signal.Signals(int(sys.argv[2])), int(sys.argv[3])
    del sys.argv[1:4]
    if moment == 0:
        signal.pthread_sigmask(signal.SIG_BLOCK, {number})  # until the command can answer
        os.kill(os.getpid(), number)
    from tradebot.__main__ import main as tradebot

    _Steps(log, number, moment).watch()
    return tradebot()


if __name__ == "__main__":
    sys.exit(main())
