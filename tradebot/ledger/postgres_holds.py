"""Holds on accounts among all hosts: advisory locks of a session, which end with it."""

from __future__ import annotations

import time
from contextlib import suppress
from hashlib import sha256

import psycopg

from tradebot.errors import Locked
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
    """The hold of a session on an account; implements AccountHold."""

    def __init__(self, connection: Connection, account_key: str) -> None:
        self._connection = connection
        self._account_key = account_key

    def assert_held(self) -> None:
        """Raise Locked where the session has ended, and the lock with it."""
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error as error:
            raise Locked(
                f"the connection that held account {self._account_key} in the ledger was lost, and another run may "
                "have taken the account. Nothing more is sent. Run the command again."
            ) from error

    def release(self) -> None:
        """Let others hold the account. A connection that is lost holds nothing."""
        with suppress(psycopg.Error):
            self._connection.execute("SELECT pg_advisory_unlock(%(key)s)", {"key": _key(self._account_key)})


def take(connection: Connection, account_key: str) -> SessionHold | None:
    """Hold an account until the session ends; None where another session holds it."""
    row = connection.execute("SELECT pg_try_advisory_lock(%(key)s) AS held", {"key": _key(account_key)}).fetchone()
    return SessionHold(connection, account_key) if row and row["held"] else None


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
