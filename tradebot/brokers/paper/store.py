"""The file of the exchange: its state, account, orders and activities, and the price tables.

SQLite in WAL mode. Every operation is one transaction, BEGIN IMMEDIATE when it writes, so that other processes see it
whole or not at all. Decimals are canonical TEXT, instants ISO 8601 in UTC.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

from tradebot.brokers.paper import row_codec
from tradebot.brokers.paper.account_book import AccountBook
from tradebot.brokers.paper.marks import Marks
from tradebot.brokers.paper.orders import PaperOrder
from tradebot.brokers.paper.prices import PRICE_SCHEMA, Prices
from tradebot.brokers.paper.rules import ExchangeState
from tradebot.core.model.account import Activity, CashKind
from tradebot.core.model.values import ZERO, canonical
from tradebot.errors import BrokerUnavailable, ConfigError, Problem
from tradebot.home import sqlite_version
from tradebot.home.regular_files import NotRegularFile, check_database

SCHEMA_VERSION = 2
APPLICATION_ID = 0x70617065  # "pape" in the file's header: tells the file from another program's database
BUSY_SECONDS = 30.0

_EXTERNAL_CASH = tuple(kind.value for kind in CashKind if kind.is_external)

#: Columns that format 2 added to the orders of format 1, for kinds of orders that are no longer taken. The format
#: stays, so that a file serves the version before as well; the columns keep their defaults.
_UNUSED_COLUMNS = (
    "exit_pair INTEGER NOT NULL DEFAULT 0",
    "notional TEXT",
    "trail_price TEXT",
    "trail_pct TEXT",
    "best_price TEXT",
)
ACCOUNT_TABLES = ("exchange", "orders", "positions", "activities", "equity")
ACCOUNT_SCHEMA = (
    """CREATE TABLE exchange (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        generation INTEGER NOT NULL, account_id TEXT NOT NULL, starting_cash TEXT NOT NULL, cash TEXT NOT NULL,
        session TEXT NOT NULL, now TEXT NOT NULL, phase TEXT NOT NULL, begun_on TEXT) STRICT""",
    """CREATE TABLE orders (
        number INTEGER PRIMARY KEY, client_order_id TEXT NOT NULL UNIQUE, symbol TEXT NOT NULL, side TEXT NOT NULL,
        quantity TEXT NOT NULL, type TEXT NOT NULL, time_in_force TEXT NOT NULL, submitted_at TEXT NOT NULL,
        limit_price TEXT, stop_price TEXT, state TEXT NOT NULL, filled_quantity TEXT NOT NULL, average_fill_price TEXT,
        fees TEXT NOT NULL, triggered INTEGER NOT NULL, waiting INTEGER NOT NULL, parent INTEGER REFERENCES orders,
        role TEXT NOT NULL, reason TEXT NOT NULL, live INTEGER NOT NULL) STRICT""",
    *(f"ALTER TABLE orders ADD COLUMN {column}" for column in _UNUSED_COLUMNS),
    "CREATE INDEX orders_live ON orders (number) WHERE live = 1",
    "CREATE INDEX orders_of_bracket ON orders (parent) WHERE parent IS NOT NULL",
    """CREATE TABLE positions (
        symbol TEXT PRIMARY KEY, quantity TEXT NOT NULL, average_price TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    """CREATE TABLE activities (
        number INTEGER PRIMARY KEY, kind TEXT NOT NULL, at TEXT NOT NULL, session TEXT NOT NULL, symbol TEXT,
        order_number INTEGER REFERENCES orders, quantity TEXT, price TEXT, fee TEXT, amount TEXT, note TEXT,
        ratio TEXT, quantity_before TEXT, quantity_after TEXT,
        reverses INTEGER UNIQUE REFERENCES activities) STRICT""",
    "CREATE INDEX activities_of_session ON activities (session, symbol)",
    """CREATE TRIGGER activities_stay BEFORE UPDATE ON activities
        BEGIN SELECT raise(ABORT, 'activities are append-only'); END""",
    """CREATE TRIGGER activities_remain BEFORE DELETE ON activities
        BEGIN SELECT raise(ABORT, 'activities are append-only'); END""",
    "CREATE TABLE equity (session TEXT PRIMARY KEY, equity TEXT NOT NULL) STRICT, WITHOUT ROWID",
)


class Store:
    """One connection to an exchange file. For one thread."""

    def __init__(self, path: Path, *, durable: bool = True, create: bool = False) -> None:
        """Open the file. Without ``durable`` a power cut may lose the newest transactions, never half of one.

        Raises BrokerUnavailable when it cannot be opened or read, ConfigError when a newer version wrote it, and
        LedgerError when this Python has too old a SQLite.
        """
        self.path = path
        sqlite_version.refuse_old(sqlite3.sqlite_version_info)
        with self._explained():
            check_database(path)  # SQLite waits for ever for a pipe
            uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
            self._sql = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        self.prices = Prices(self._sql)
        self.marks = Marks(self._sql)
        try:
            with self._explained():
                self._sql.execute("PRAGMA foreign_keys = ON")
                self._sql.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._refuse_other_files()
                self._upgrade()
                if create:
                    self._sql.execute("PRAGMA journal_mode = WAL")  # stays so for good
        except BaseException:
            self._sql.close()
            raise

    def copy_to(self, path: Path) -> None:
        """Copy the whole file, even while another process writes to it."""
        with self._explained(), closing(sqlite3.connect(path.absolute().as_uri(), uri=True)) as target:
            self._sql.backup(target)

    def close(self) -> None:
        """Close the connection."""
        self._sql.close()

    # --- the file --------------------------------------------------------------------------------

    @property
    def is_empty(self) -> bool:
        """Whether the file has no table."""
        return self._sql.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None

    @staticmethod
    def holds_account(path: Path) -> bool:
        """Whether the file has an exchange.

        A file that cannot be read counts, so that opening it reports the damage. An exchange whose creation was
        interrupted does not.
        """
        if not path.is_file():
            return False
        try:
            check_database(path)
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as sql:
                return sql.execute("SELECT 1 FROM sqlite_master WHERE name = 'exchange'").fetchone() is not None
        except (sqlite3.DatabaseError, NotRegularFile):
            return True

    def make_tables(self, *others: str) -> None:
        """Make every table in an empty file, ``others`` too. Needs a transaction around it."""
        self._sql.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self._sql.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        for statement in (*PRICE_SCHEMA, *ACCOUNT_SCHEMA, *others):
            self._sql.execute(statement)

    def forget_account(self) -> None:
        """Drop the account with its history and keep the prices. Needs a transaction around it."""
        for table in reversed(ACCOUNT_TABLES):
            self._sql.execute(f"DROP TABLE {table}")
        for statement in ACCOUNT_SCHEMA:
            self._sql.execute(statement)

    @contextmanager
    def transaction(self, *, writes: bool) -> Iterator[None]:
        """Commit everything at the end, or nothing after an exception. Raises BrokerUnavailable."""
        try:
            self._sql.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            try:
                yield
                self._sql.execute("COMMIT")
            except BaseException:
                if self._sql.in_transaction:
                    self._sql.execute("ROLLBACK")
                raise
        except (sqlite3.Error, row_codec.UnreadableRow) as error:
            self._fail(error)

    def version(self) -> int:
        """A number that changes with every change of the file by another connection."""
        try:
            (version,) = self._sql.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error as error:
            self._fail(error)
        return int(version)

    # --- state -----------------------------------------------------------------------------------

    def state(self) -> ExchangeState:
        """The state of the exchange."""
        row = self._sql.execute(
            "SELECT generation, account_id, starting_cash, session, now, phase, begun_on FROM exchange"
        ).fetchone()
        return row_codec.decode_state(row)

    def begin_account(self, state: ExchangeState) -> None:
        """Insert the state of a new account, without cash."""
        self._sql.execute(
            "INSERT INTO exchange VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                state.generation,
                state.account_id,
                canonical(state.starting_cash),
                canonical(ZERO),
                state.session.isoformat(),
                state.now.isoformat(),
                state.phase,
                row_codec.encode_date(state.begun_on),
            ),
        )

    # --- the account -----------------------------------------------------------------------------

    def book(self) -> AccountBook:
        """Read the account into a working copy."""
        cash = self._sql.execute("SELECT cash FROM exchange").fetchone()
        positions = self._sql.execute("SELECT symbol, quantity, average_price FROM positions ORDER BY symbol")
        orders = self._sql.execute(
            f"""SELECT {row_codec.ORDER} FROM orders WHERE number IN (
                    SELECT number FROM orders WHERE live = 1 UNION SELECT parent FROM orders WHERE live = 1)
                ORDER BY number"""
        )
        return AccountBook(
            cash=row_codec.decode_money(cash),
            positions=[row_codec.decode_position(row) for row in positions],
            orders=[row_codec.decode_order(row) for row in orders],
            next_order=self._next("orders"),
            next_activity=self._next("activities"),
        )

    def save(self, state: ExchangeState, book: AccountBook) -> None:
        """Write back the changes of a transaction."""
        self._sql.execute(
            "UPDATE exchange SET cash = ?, session = ?, now = ?, phase = ?, begun_on = ?",
            (
                canonical(book.cash),
                state.session.isoformat(),
                state.now.isoformat(),
                state.phase,
                row_codec.encode_date(state.begun_on),
            ),
        )
        if not book.is_touched:
            return
        self._sql.executemany(
            row_codec.PUT_ORDER, [row_codec.encode_order(book.orders[n]) for n in sorted(book.touched_orders)]
        )
        for symbol in sorted(book.touched_symbols):
            self._save_position(book, symbol)
        self._sql.executemany(
            row_codec.ADD_ACTIVITY, [row_codec.encode_activity(activity) for activity in book.activities]
        )

    def _save_position(self, book: AccountBook, symbol: str) -> None:
        position = book.positions[symbol]
        if position.quantity == 0:
            self._sql.execute("DELETE FROM positions WHERE symbol = ?", (symbol,))
        else:
            quantity, average = canonical(position.quantity), canonical(position.average_price)
            self._sql.execute("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)", (symbol, quantity, average))

    def _next(self, table: str) -> int:
        (highest,) = self._sql.execute(f"SELECT coalesce(max(number), 0) FROM {table}").fetchone()
        return int(highest) + 1

    # --- all orders, terminal ones included ------------------------------------------------------

    def order(self, number: int) -> PaperOrder | None:
        """The order with this number, or None."""
        return self._order("number = ?", number)

    def order_by_client_id(self, client_order_id: str) -> PaperOrder | None:
        """The order with this client_order_id, or None."""
        return self._order("client_order_id = ?", client_order_id)

    def client_order_ids(self) -> frozenset[str]:
        """The client_order_id of every order."""
        return frozenset(name for (name,) in self._sql.execute("SELECT client_order_id FROM orders"))

    def group(self, group: int) -> tuple[PaperOrder, ...]:
        """An entry and all its legs, by number."""
        rows = self._sql.execute(
            f"SELECT {row_codec.ORDER} FROM orders WHERE number = :group OR parent = :group ORDER BY number",
            {"group": group},
        )
        return tuple(row_codec.decode_order(row) for row in rows)

    def _order(self, condition: str, value: int | str) -> PaperOrder | None:
        row = self._sql.execute(f"SELECT {row_codec.ORDER} FROM orders WHERE {condition}", (value,)).fetchone()
        return None if row is None else row_codec.decode_order(row)

    # --- activities and equity -------------------------------------------------------------------

    def activities(self, after: int) -> tuple[Activity, ...]:
        """The activities after number ``after``, in order."""
        return tuple(row_codec.decode_activity(row) for row in self._sql.execute(row_codec.ACTIVITIES_AFTER, (after,)))

    def newest_activity(self) -> int:
        """The number of the newest activity; 0 without any."""
        return self._next("activities") - 1

    def traded(self, symbol: str, session: date) -> Decimal:
        """The shares of a symbol that the account has traded in a session."""
        rows = self._sql.execute(
            "SELECT quantity FROM activities WHERE session = ? AND symbol = ? AND kind = 'fill'",
            (session.isoformat(), symbol),
        )
        return sum((Decimal(quantity) for (quantity,) in rows), ZERO)

    def record_equity(self, session: date, equity: Decimal) -> None:
        """Insert the equity, USD, at a session's close."""
        self._sql.execute("INSERT INTO equity VALUES (?, ?)", (session.isoformat(), canonical(equity)))

    def equity_before(self, session: date) -> Decimal | None:
        """The equity at the newest close before ``session``, USD; None before the first close."""
        row = self._sql.execute(
            "SELECT equity FROM equity WHERE session < ? ORDER BY session DESC LIMIT 1", (session.isoformat(),)
        ).fetchone()
        return None if row is None else row_codec.decode_money(row)

    def closing_equity(self, first: date, last: date) -> Mapping[date, Decimal]:
        """The equity, USD, at the close of each closed session from ``first`` to ``last``, in order."""
        rows = self._sql.execute(
            "SELECT session, equity FROM equity WHERE session BETWEEN ? AND ? ORDER BY session",
            (first.isoformat(), last.isoformat()),
        )
        return {date.fromisoformat(session): Decimal(equity) for session, equity in rows}

    def paid_in(self, session: date) -> Decimal:
        """Deposits less withdrawals of a session, USD."""
        rows = self._sql.execute(
            f"SELECT amount FROM activities WHERE session = ? AND kind IN ({', '.join('?' * len(_EXTERNAL_CASH))})",
            (session.isoformat(), *_EXTERNAL_CASH),
        )
        return sum((Decimal(amount) for (amount,) in rows), ZERO)

    # --- formats ---------------------------------------------------------------------------------

    def _upgrade(self) -> None:
        """Add to a file of format 1 the columns of format 2. Only one of several processes does it."""
        if self._format() != 1:
            return
        with self.transaction(writes=True):
            if self._format() == 1:
                for column in _UNUSED_COLUMNS:
                    self._sql.execute(f"ALTER TABLE orders ADD COLUMN {column}")
                self._sql.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _format(self) -> int:
        (version,) = self._sql.execute("PRAGMA user_version").fetchone()
        return int(version)

    # --- errors ----------------------------------------------------------------------------------

    def _refuse_other_files(self) -> None:
        version = self._format()
        (application,) = self._sql.execute("PRAGMA application_id").fetchone()
        if not self.is_empty and application != APPLICATION_ID:
            raise BrokerUnavailable(f"{self.path} is a database, but not one of the embedded exchange. {self._advice}")
        if version > SCHEMA_VERSION:
            raise ConfigError(
                [
                    Problem(
                        str(self.path),
                        f"a newer version of tradebot wrote it (format {version}; this version knows {SCHEMA_VERSION})",
                        "Install that version, or move the file away and run `tradebot paper reset`.",
                    )
                ]
            )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, row_codec.UnreadableRow) as error:
            self._fail(error)
        except NotRegularFile as error:
            raise BrokerUnavailable(
                f"the embedded exchange can't use its file {error.filename}: {error}. Remove it, then try again."
            ) from error

    def _fail(self, error: sqlite3.Error | row_codec.UnreadableRow) -> NoReturn:
        """Raise BrokerUnavailable for an error of the file. An error in a statement is a bug, and is raised again."""
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError):
            raise error
        if isinstance(error, sqlite3.OperationalError):
            raise BrokerUnavailable(
                f"the embedded exchange can't use its file {self.path}: {error}. See that this folder can be written "
                "to, that the disk has room and that no other program holds the file, then try again."
            ) from error
        raise BrokerUnavailable(
            f"the embedded exchange's file {self.path} is damaged: {error}. {self._advice}"
        ) from error

    @property
    def _advice(self) -> str:
        return "Put a copy of it back, or move it away and run `tradebot paper reset` to begin a new account."
