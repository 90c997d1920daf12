"""A ledger in a database of a real PostgreSQL server, and what can go wrong with the server and the way to it."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from os import dup
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from tests.fakes.postgres import PostgresServer
from tests.worlds.eyes import Eyes, ServerEyes
from tests.worlds.faults import Fault, FaultKind, Io, of_kind
from tests.worlds.ledgers import LedgerOpening, WorldLedger
from tests.worlds.market import Market
from tradebot.errors import LedgerBusy
from tradebot.ledger.database import open_database
from tradebot.ledger.engine import Engine
from tradebot.ledger.postgres_connection import Connection
from tradebot.ledger.postgres_engine import PostgresEngine
from tradebot.ledger.prepare_server import prepare_server
from tradebot.runtime.state_folder import stamp
from tradebot.settings import Settings
from tradebot.settings.ledger_location import LedgerServer
from tradebot.settings.server_url import read_server

T = TypeVar("T")
K = FaultKind

#: What strikes any statement: nothing of its transaction is stored.
_LOST = (K.BACKEND_ENDED, K.SERVER_RESTARTED)
#: What strikes a COMMIT.
_CUT = (K.CUT_BEFORE_COMMIT, K.CUT_AFTER_COMMIT, K.SERVER_GONE)
#: The user that processes are on the server, who may not change tables.
ROBOT = "robot"
#: Milliseconds that a statement waits for a lock: those who have it do not go on meanwhile.
_LOCK_MILLISECONDS = 5
#: How often a process that finds the account locked looks again before it gives up, where another works beside it.
_PATIENCE = 2000
#: Seconds until a server's process has ended that lost its client.
_GONE_SECONDS = 20.0


@dataclass(slots=True)
class ServerLedger:
    """A database of a server, which only its administrator can always reach."""

    server: PostgresServer
    location: LedgerServer
    eyes: Eyes

    def engine(self, io: Io, *, waits: bool) -> Engine:
        return WatchedServerEngine(self, io, waits=waits)

    def steady(self, text: str) -> str:
        text = text.replace(str(self.location), "on the server")
        return re.sub(r"(ledger on the server [^(]*) \(.*\)\. ", r"\1. ", text)

    def end(self, backends: Iterable[int]) -> None:
        """End processes of the server, and wait until they have ended."""
        for backend in backends:
            self.eyes.rows("SELECT pg_terminate_backend(CAST(? AS INTEGER))", str(backend))
        self.wait_for_end(backends)

    def wait_for_end(self, backends: Iterable[int]) -> None:
        """Wait until processes of the server whose clients are gone have ended."""
        deadline = time.monotonic() + _GONE_SECONDS
        alive = "SELECT 1 FROM pg_stat_activity WHERE pid = CAST(? AS INTEGER)"
        for backend in backends:
            while self.eyes.rows(alive, str(backend)):
                assert time.monotonic() < deadline, f"process {backend} of the server goes on"
                time.sleep(0.001)

    def restart(self) -> None:
        """Stop the server as a power cut does, and start it again."""
        self.server.stop()
        self.server.start()

    def admit(self, count: int) -> None:
        """Let processes have this many connections; -1 is any number."""
        self.server.execute(f"ALTER ROLE {ROBOT} CONNECTION LIMIT {count}")

    @contextmanager
    def rows_locked(self) -> Iterator[None]:
        """Somebody keeps the rows of every account, as a run does that hangs within a transaction."""
        with closing(psycopg.connect(self.server.url(_name(self.location)))) as session:
            session.execute("SELECT * FROM accounts FOR UPDATE")
            yield


def on_a_server(server: PostgresServer) -> LedgerOpening:
    """Each world has a database of its own on the server, a copy of one that is prepared here."""
    template = server.database()
    prepare_server(read_server(server.url(template)), read_server(server.url(template, user=ROBOT)))

    @contextmanager
    def opened(market: Market, home: Path) -> Iterator[WorldLedger]:
        with server.copy_of(template) as made:
            location = read_server(server.url(_name(made), user=ROBOT))
            with closing(open_database(location, create=False)) as database:
                stamp(Settings(tradebot_home=home, database_url=location), database)
            with closing(ServerEyes(server, _name(made))) as eyes:
                yield ServerLedger(server, location, eyes)

    return opened


def _name(location: LedgerServer) -> str:
    return location.url.reveal().rpartition("/")[2]


@dataclass(slots=True)
class _Met:
    """What a connection has met that lasts until it is closed. Engines of accounts share it."""

    backends: list[int] = field(default_factory=list)  # the server's processes that worked for it
    is_read_only: bool = False
    is_refused: bool = False  # the server takes no connection any more


class WatchedServerEngine(PostgresEngine):
    """The engine, one step a statement and one a connection.

    Where another process has the account's rows, it lets that one go on and tries again, as the server does by waiting.
    """

    _outcome_seconds = 1.0

    def __init__(self, ledger: ServerLedger, io: Io, *, waits: bool) -> None:
        self._ledger = ledger
        self._io = io
        self._waits = waits
        self._met = _Met()
        super().__init__(ledger.location)

    def _connect(self) -> Connection:
        full = next(of_kind(self._io.step("connect"), K.SERVER_CROWDED), None)
        if full is not None:
            self._io.meet(full, "connect")
            self._ledger.admit(0)
        try:
            connection = super()._connect()
        finally:
            if full is not None and not self._met.is_refused:
                self._ledger.admit(-1)
        connection.execute(f"SET lock_timeout = {_LOCK_MILLISECONDS}; SET statement_timeout = 60000")
        self._met.backends.append(connection.info.backend_pid)
        return connection

    def reopened(self) -> PostgresEngine:
        return WatchedServerEngine(self._ledger, self._io, waits=self._waits)

    def close(self) -> None:
        super().close()
        if self._met.is_refused:
            self._ledger.admit(-1)
        self._ledger.wait_for_end(self._met.backends)

    def _run(self, sql: str, values: Any) -> psycopg.Cursor[dict[str, Any]]:
        self._step(" ".join(sql.split()[:3]))
        return super()._run(sql, values)

    def insert_many(self, table: str, rows: Any) -> None:
        self._step(f"INSERT INTO {table}")
        super().insert_many(table, rows)

    def hold_account(self, account_key: str) -> Any:
        self._step("taking the account")
        return super().hold_account(account_key)

    def _begin(self) -> None:
        struck = self._step("BEGIN", "begin")
        self._be_read_only(struck)
        locked = next(of_kind(struck, K.ROWS_LOCKED), None)
        with self._ledger.rows_locked() if locked is not None else nullcontext():
            try:
                self._begin_waiting(waits=self._waits and locked is None)
            except LedgerBusy:
                if locked is not None:
                    self._io.meet(locked, "BEGIN")
                raise

    def _begin_waiting(self, *, waits: bool) -> None:
        for _ in range(_PATIENCE if waits else 0):
            try:
                return super()._begin()
            except LedgerBusy:
                self._io.step("waiting")
        return super()._begin()

    def _be_read_only(self, struck: tuple[Fault, ...]) -> None:
        """Let the server take no writes from now on, or take them again."""
        fault = next(of_kind(struck, K.SERVER_READ_ONLY), None)
        if fault is not None:
            self._io.meet(fault, "BEGIN")
        if self._met.is_read_only != (fault is not None):
            self._met.is_read_only = fault is not None
            with suppress(psycopg.OperationalError):  # a connection that is lost is told by the statement after it
                self._session.connection.execute(
                    f"SET default_transaction_read_only = {self._met.is_read_only}".encode()
                )

    def _commit(self) -> None:
        for fault in of_kind(self._step("COMMIT", "commit"), *_CUT):
            self._io.meet(fault, "COMMIT")
            if fault.kind is K.SERVER_GONE:
                self._met.is_refused = True
                self._ledger.admit(0)
            made = fault.kind is K.CUT_AFTER_COMMIT or (fault.kind is K.SERVER_GONE and fault.amount % 2 == 1)
            if made:
                self._session.connection.execute("COMMIT")
            self._cut_off()
            if made:
                self._session.connection.close()
                return self._look_up(psycopg.OperationalError("server closed the connection unexpectedly"))
            break
        return super()._commit()

    def _cut_off(self) -> None:
        """Cut the connection as it is; what was sent has arrived."""
        connection = self._session.connection
        with socket.socket(fileno=dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
        self._ledger.wait_for_end([connection.info.backend_pid])

    def _step(self, where: str, *names: str) -> tuple[Fault, ...]:
        struck = self._io.step("sql", *names)
        for fault in of_kind(struck, *_LOST):
            if self._session.connection.closed:
                continue
            self._io.meet(fault, where)
            if fault.kind is K.SERVER_RESTARTED:
                self._ledger.restart()
            else:
                self._ledger.end([self._session.connection.info.backend_pid])
        return struck
