"""Opening of the ledger: one file with the rows of one or several accounts."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tradebot.core.model.account import Activity
from tradebot.core.model.ownership import BookedPositions
from tradebot.core.safety.last_known import LastKnown, is_on_paper
from tradebot.errors import LedgerError
from tradebot.ledger import audit, generations, kept_heads
from tradebot.ledger.accounts import PinnedAccounts
from tradebot.ledger.bare_periods import BarePeriods
from tradebot.ledger.books import Books
from tradebot.ledger.calendar_days import CalendarDays
from tradebot.ledger.closes import Closes
from tradebot.ledger.decision_inputs import DecisionInputLog
from tradebot.ledger.decisions import DecisionLog
from tradebot.ledger.engine import APPLICATION_ID, BUSY_SECONDS, Engine
from tradebot.ledger.epochs import Epochs
from tradebot.ledger.halts_and_breaks import HaltsAndBreaks
from tradebot.ledger.history import LedgerHistory
from tradebot.ledger.homes import Homes
from tradebot.ledger.limits_used import LimitsUsed
from tradebot.ledger.listings import Listings
from tradebot.ledger.movements import LedgerMovements
from tradebot.ledger.moves import Moves
from tradebot.ledger.open_engine import open_engine
from tradebot.ledger.openings import Openings
from tradebot.ledger.orders import Orders
from tradebot.ledger.outbox import AlertQueue, Outbox
from tradebot.ledger.past_account import PastAccount
from tradebot.ledger.period_records import PeriodRecords
from tradebot.ledger.row_keys import histories
from tradebot.ledger.runs import RunLog
from tradebot.ledger.schedule import ScheduleLog
from tradebot.ledger.session_records import SessionRecords
from tradebot.ledger.signals import SignalLog
from tradebot.ledger.strategy_history import StrategyHistory
from tradebot.settings.ledger_location import LedgerLocation

#: The number of migrations in migrations.py.
SCHEMA_VERSION = 10


class AccountLedger:
    """The ledger of one account. Every write is a transaction of its own unless it is inside ``transaction``."""

    def __init__(self, engine: Engine, account_key: str) -> None:
        self.account_key = account_key
        newest = generations.newest(engine, account_key)
        account_key = newest.row_key
        self._engine = engine = engine.of_account(account_key)
        trail = newest.trail(engine)
        self.runs = RunLog(engine, trail)
        self.epochs = Epochs(engine, trail)
        self.orders = Orders(engine, trail, self.epochs)
        self.books = Books(engine, trail)
        self.openings = Openings(engine, trail, self.books)
        self.halts_and_breaks = HaltsAndBreaks(engine, trail)
        self.bare_periods = BarePeriods(engine, trail)
        self.limits_used = LimitsUsed(engine, trail)
        self.decisions = DecisionLog(engine, trail)
        self.signals = SignalLog(engine, trail)
        self.decision_inputs = DecisionInputLog(engine, trail)
        self.history = LedgerHistory(engine, account_key)
        self.closes = Closes(engine, trail)
        self.movements = LedgerMovements(engine, account_key)
        self.listings = Listings(engine, account_key)
        self.period = PeriodRecords(engine, account_key)
        self.day = SessionRecords(engine, account_key)
        self.outbox = Outbox(engine, trail)
        self.schedule = ScheduleLog(engine, trail)
        self.calendar_days = CalendarDays(engine, account_key)
        self.past = PastAccount(engine, trail)
        self.strategy_history = StrategyHistory(engine, trail)
        self.moves = Moves(engine, trail)

    def transaction(self) -> AbstractContextManager[None]:
        """Commit all writes of the block, or none. A nested transaction undoes only its own; the outermost commits."""
        return self._engine.transaction()

    def booked_positions(self) -> BookedPositions:
        """What an emergency stop takes from the ledger."""
        books, history = self.books, self.history
        actions: tuple[Activity, ...] = (*history.splits(), *history.reorganisations())
        known, opening = books.activity_ids(), self.openings.opening()
        lots, holdings = books.lots(), books.holdings()
        in_doubt = tuple(each for each in self.orders.unsettled() if each.state.in_doubt and not each.purpose.reduces)
        sent = ((each.client_order_id, each.request.stop_loss) for each in self.orders.newest_entries())
        stops = {order_id: stop for order_id, stop in sent if stop is not None}
        return BookedPositions(
            lots, holdings, books.cursor(), known, actions, opening, books.asset_ids(), in_doubt, stops
        )

    def last_known(self, now: datetime) -> LastKnown:
        """What is known of the account where its broker cannot be asked. ``now``: desk time, aware UTC."""
        at, positions = self.listings.last_positions() or (None, ())
        stops = tuple(order for order, _ in self.orders.stops_at(now + timedelta.resolution) if order.state.live)
        return LastKnown(
            at=at,
            positions=positions,
            holdings=self.books.holdings(),
            bare=self.bare_periods.standing(),
            stops=stops,
            unsettled=self.orders.unsettled(),
            on_paper=is_on_paper(self.account_key),
        )


class Database:
    """An open ledger. The caller closes it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.location = engine.location
        self.pinned_accounts = PinnedAccounts(engine)
        self.alert_queue = AlertQueue(engine)
        self.homes = Homes(engine)

    def bind(self, account_key: str) -> AccountLedger:
        """The ledger of one account. An account must be pinned before its first write."""
        return AccountLedger(self.engine, account_key)

    def head(self, account_key: str) -> audit.Head:
        """Number and hash of an account's newest audit row, to be stored outside the database as well."""
        return audit.head(self.engine, generations.newest(self.engine, account_key).row_key)

    def heads(self) -> dict[str, audit.Head]:
        """The head of each history of each account that has audit rows, by the history's key."""
        names = histories(self.engine)
        return {names[key]: head for key, head in audit.heads(self.engine).items()}

    def has_row(self, head: audit.Head) -> bool:
        """Whether an account has the audit row with this number and hash."""
        return audit.has_row(self.engine, head)

    def note_head(self, account_key: str, head: audit.Head, home: int) -> None:
        """Note in an account's trail that its head is stored outside the database, in the home with this number."""
        kept_heads.note_head(self.engine, generations.newest(self.engine, account_key).trail(self.engine), head, home)

    def missing_heads(
        self, outside: Iterable[audit.Head], home: int | None, account_key: str
    ) -> tuple[audit.Head, ...]:
        """The heads that an account stored in a home (None: in any) and are not there now, oldest first."""
        key = generations.newest(self.engine, account_key).row_key
        return kept_heads.noted_heads(self.engine).missing(outside, home, key)

    def close(self) -> None:
        """Close the connection."""
        self.engine.close()


def open_database(
    location: LedgerLocation, *, create: bool, durable: bool = True, busy_seconds: float = BUSY_SECONDS
) -> Database:
    """Open the ledger at ``location`` and migrate it to the current schema.

    create: make the file and its folder if they are missing.
    durable: wait for the disk at each commit; False is for replays.
    busy_seconds: how long to wait for another process.
    Raises LedgerError for a file that is missing, empty, of another program, damaged, locked, unreadable, or of a newer
    version.
    """
    if create:
        _make_folder(location)
    elif not may_exist(location):
        raise _missing(location)
    engine = open_engine(location, create=create, durable=durable, busy_seconds=busy_seconds)
    try:
        _migrate(engine, create)
    except BaseException:
        engine.close()
        raise
    return _masking(Database(engine))


def open_without_migrating(
    location: LedgerLocation, *, busy_seconds: float = BUSY_SECONDS, frozen: bool = False
) -> Database:
    """Open the ledger for reading, without migrating it.

    frozen: as a file that never changes, which takes no lock and makes no file beside it.
    Raises LedgerError as ``open_database`` does, and for a ledger of an older version.
    """
    if not may_exist(location):
        raise _missing(location)
    engine = open_engine(location, busy_seconds=busy_seconds, frozen=frozen)
    try:
        header = read_header(engine)
        if not header.is_current:
            refuse_unusable(location, header)
            what = f"The ledger {location} is empty, or an older version wrote it."
            raise LedgerError(
                f"{what} The next job brings an older one up to date, and so does `tradebot status` there."
            )
    except BaseException:
        engine.close()
        raise
    return _masking(Database(engine))


def _missing(location: LedgerLocation) -> LedgerError:
    return LedgerError(
        f"The ledger {location} is missing, in a home that had one. Nothing is sent without it. Put your newest "
        "backup there, or make a fresh one from what the broker knows with `tradebot rebuild`. If the environment "
        "of its jobs names another ledger, set DATABASE_URL here too, or write it into .env."
    )


def _masking(database: Database) -> Database:
    """The database, with its secret account ids masked. A damaged table is reported by what reads it."""
    with suppress(LedgerError):
        database.pinned_accounts.mask_secret_ids()
    return database


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a database file."""

    version: int  # of the schema; 0 for an empty file
    is_current: bool  # a ledger of this version
    is_foreign: bool  # the file of another program


def read_header(engine: Engine) -> Header:
    """Read the header of a database file. Raises LedgerError for a file that cannot be read."""
    version, application = engine.version(), engine.application()
    is_foreign = application != APPLICATION_ID and (application != 0 or version != 0 or bool(engine.tables()))
    return Header(version, (version, application) == (SCHEMA_VERSION, APPLICATION_ID), is_foreign)


def refuse_unusable(location: LedgerLocation, header: Header) -> None:
    """Raise LedgerError for another program's database and for a ledger of a newer version."""
    if header.is_foreign:
        raise LedgerError(f"{location} is a database of another program. Check DATABASE_URL.")
    if header.version > SCHEMA_VERSION:
        raise LedgerError(
            f"The ledger {location} is from a newer version of tradebot (schema {header.version}; this one knows "
            f"{SCHEMA_VERSION}). Install that version again."
        )


def _migrate(engine: Engine, create: bool) -> None:
    header = read_header(engine)
    if header.is_current:
        return
    refuse_unusable(engine.location, header)
    if header.version == 0 and not create:
        raise LedgerError(
            f"The ledger {engine.location} is empty, in a home that had one. Nothing is sent without it. Put your "
            "newest backup in its place, or make a fresh one from what the broker knows with `tradebot rebuild`."
        )
    engine.migrate_to(SCHEMA_VERSION, APPLICATION_ID)


def may_exist(location: LedgerLocation) -> bool:
    """Whether there is something at ``location``, as far as can be told without opening it."""
    return not isinstance(location, Path) or location.exists()


def _make_folder(location: LedgerLocation) -> None:
    if not isinstance(location, Path):
        return
    folder = location.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(f"The ledger's folder {folder} cannot be made: {error.strerror}.") from error
