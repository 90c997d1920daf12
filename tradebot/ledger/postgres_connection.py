"""Connects to a PostgreSQL server: how long to wait, who may be trusted, and what a session is set to."""

from __future__ import annotations

from math import ceil

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row

from tradebot.errors import LedgerError
from tradebot.ledger.postgres_errors import ledger_error, unreadable_address
from tradebot.settings.ledger_location import LedgerServer
from tradebot.settings.server_url import VERIFIED, is_this_machine

Connection = psycopg.Connection[DictRow]

#: The oldest server: pg_current_xact_id() tells what became of a commit.
_OLDEST = 130000
#: How long a statement may take, in units of the time that it waits for another process.
_STATEMENT = 12
#: Seconds that a transaction may lie idle, as on a machine that is suspended, before the server undoes it.
_IDLE_SECONDS = 30
#: A dead network is noticed within a minute, by the client and by the server.
_KEEPALIVES: dict[str, str] = {
    "keepalives_idle": "20",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "50000",
}


def connect(server: LedgerServer, *, durable: bool, busy_seconds: float) -> Connection:
    """A connection to a server that takes a ledger, in autocommit. Raises LedgerError."""
    try:
        _refuse_untrusted(server)
        conninfo = _conninfo(server, busy_seconds)
    except psycopg.Error as error:
        raise unreadable_address(server, error) from None  # its text may hold a password
    try:
        connection = psycopg.connect(conninfo, autocommit=True, row_factory=dict_row, client_encoding="utf8")
    except psycopg.Error as error:
        raise ledger_error(server, error, connecting=True) from error
    try:
        _refuse_unfit(server, connection)
        connection.execute(_settings(durable, busy_seconds))
        if connection.info.backend_pid != _backend(connection):
            _refuse_pooled_transactions(server, connection, busy_seconds)
    except psycopg.Error as error:
        connection.close()
        raise ledger_error(server, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _conninfo(server: LedgerServer, busy_seconds: float) -> str:
    """The URL with our time limits, where it has none of its own."""
    given = conninfo_to_dict(server.url.reveal())
    own = {"application_name": "tradebot", "connect_timeout": str(max(2, ceil(2 * busy_seconds))), **_KEEPALIVES}
    return make_conninfo("", **{**own, **given})


def _settings(durable: bool, busy_seconds: float) -> str:
    """The statements that begin a session. They overrule what server, database, role and URL say."""
    milliseconds = max(1, round(1000 * busy_seconds))
    return (
        f"SET synchronous_commit = {'on' if durable else 'off'};"
        f" SET lock_timeout = {milliseconds}; SET statement_timeout = {_STATEMENT * milliseconds};"
        f" SET idle_in_transaction_session_timeout = {1000 * _IDLE_SECONDS};"
        " SET default_transaction_isolation = 'read committed'; SET standard_conforming_strings = on"
    )


def _refuse_untrusted(server: LedgerServer) -> None:
    """Raise LedgerError for another machine that need not prove who it is.

    The environment counts, too: libpq takes from it what the URL leaves open (PGHOST, PGSSLMODE, a service file).
    """
    values = {option.keyword: option.val for option in pq.Conninfo.get_defaults() if option.val}
    values |= {option.keyword: option.val for option in pq.Conninfo.parse(server.url.reveal().encode()) if option.val}
    host = (values.get(b"hostaddr") or values.get(b"host") or b"").decode()
    if is_this_machine(host) or values.get(b"sslmode", b"").decode() == VERIFIED or server.weak_tls:
        return
    raise LedgerError(
        f"The ledger {server} lies on another machine ({host}), and its certificate would not be checked. Add "
        f"?sslmode={VERIFIED} to DATABASE_URL, and sslrootcert= with the provider's certificate (or system), or allow "
        "it with DATABASE_WEAK_TLS=true."
    )


def _refuse_unfit(server: LedgerServer, connection: Connection) -> None:
    """Raise LedgerError for a server that is too old, and for a database whose texts are not in UTF-8."""
    if connection.info.server_version < _OLDEST:
        version = connection.info.parameter_status("server_version")
        raise LedgerError(f"The ledger {server} is on PostgreSQL {version}, and it needs version 13 or newer.")
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise LedgerError(
            f"The ledger {server} is in a database whose texts are in {encoding}. Make one with `createdb --encoding "
            "UTF8 --template template0`."
        )


def _backend(connection: Connection) -> int:
    row = connection.execute("SELECT pg_backend_pid() AS pid").fetchone()
    return int(row["pid"]) if row else 0


def _refuse_pooled_transactions(server: LedgerServer, connection: Connection, busy_seconds: float) -> None:
    """Raise LedgerError for a pooler that gives each transaction another session.

    A pooler gives its clients a process id that is not the backend's. In its transaction mode, a second client that is
    in a transaction takes the backend that the first has just used: the first then gets another, or none in time.
    """
    before = _backend(connection)
    try:
        with psycopg.connect(_conninfo(server, busy_seconds), autocommit=True, row_factory=dict_row) as second:
            second.execute("BEGIN")
            same = _backend(connection) == before
            second.execute("ROLLBACK")
    except psycopg.Error:
        same = False
    if not same:
        raise LedgerError(
            f"The ledger {server} is reached through a pooler in transaction mode, in which locks and settings of a "
            "session do not hold. Name the server itself in DATABASE_URL, or a pooler in session mode."
        )
