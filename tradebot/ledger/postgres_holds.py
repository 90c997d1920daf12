"""Holds on accounts among all hosts: advisory locks of a session, which end with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256

import psycopg

from tradebot.errors import LedgerError, Locked
from tradebot.ledger.postgres_connection import Connection

#: Seconds to wait until a session has ended, and between two looks: PostgreSQL 13 can't wait for it by itself.
_END_SECONDS = 5.0
_POLL_SECONDS = 0.05
#: The session that holds a lock: it is named by both halves of its number.
_HOLDER = (
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND (classid::bigint << 32) | objid::bigint = %(key)s"
)


class SessionHold:
    """The hold of a session on an account; implements AccountHold.

    ``connection`` gives the session of now: the engine takes another where one was lost at a commit that was made.
    """

    def __init__(self, connection: Callable[[], Connection], account_key: str, backend: int) -> None:
        self._connection = connection
        self._account_key = account_key
        self._held_by, self._backend = connection(), backend  # the session, and the server's process

    def assert_held(self) -> None:
        """Raise Locked where another session holds the account, and LedgerError where the connection is lost.

        The lock ends with its session, and then is taken again, unless somebody else has it. Whether somebody had it in
        between is told by the epoch, which each who takes it raises.
        """
        connection = self._connection()
        try:
            if connection is self._held_by:
                connection.execute("SELECT 1")
            else:
                self._take_again(connection)
        except psycopg.Error as error:
            raise LedgerError(
                f"The connection to the ledger that held account {self._account_key} was lost. Nothing more is sent. "
                "Run the command again."
            ) from error

    def _take_again(self, connection: Connection) -> None:
        if holder(connection, self._account_key) == self._backend:  # it has not noticed that its client is gone
            end(connection, self._account_key)
        backend = _taken(connection, self._account_key)
        if backend is None:
            raise Locked(
                f"the connection that held account {self._account_key} in the ledger was lost, and another run has "
                "taken the account. Nothing more is sent. Run the command again."
            )
        self._held_by, self._backend = connection, backend

    def release(self) -> None:
        """Let others hold the account. A connection that is lost holds nothing."""
        with suppress(psycopg.Error):
            self._held_by.execute("SELECT pg_advisory_unlock(%(key)s)", {"key": _key(self._account_key)})


def take(connection: Callable[[], Connection], account_key: str) -> SessionHold | None:
    """Hold an account until the session ends; None where another session holds it."""
    backend = _taken(connection(), account_key)
    return None if backend is None else SessionHold(connection, account_key, backend)


def _taken(connection: Connection, account_key: str) -> int | None:
    """The server's process of the session, which holds the account from now on; None where another one holds it."""
    sql = "SELECT pg_try_advisory_lock(%(key)s) AS held, pg_backend_pid() AS backend"
    row = connection.execute(sql, {"key": _key(account_key)}).fetchone()
    return int(row["backend"]) if row and row["held"] else None


def holder(connection: Connection, account_key: str) -> int | None:
    """The server's process whose session holds an account; None for none."""
    row = connection.execute(_HOLDER, {"key": _key(account_key)}).fetchone()
    return int(row["pid"]) if row else None


def end(connection: Connection, account_key: str) -> None:
    """End the session that holds an account, and wait until it has let go."""
    pid, deadline = holder(connection, account_key), time.monotonic() + _END_SECONDS
    if pid is None:
        return
    connection.execute("SELECT pg_terminate_backend(%(pid)s)", {"pid": pid})
    while holder(connection, account_key) == pid and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _key(account_key: str) -> int:
    """The number of an account's lock: 63 bits, because the catalogue shows a negative one in another way."""
    return int.from_bytes(sha256(f"tradebot {account_key}".encode()).digest()[:8]) >> 1
