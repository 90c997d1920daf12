"""Opening the ledger: one file, which may hold several accounts, each bound on its own."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tradebot.errors import LedgerError
from tradebot.ledger import audit
from tradebot.ledger.accounts import PinnedAccounts
from tradebot.ledger.books import Books
from tradebot.ledger.decisions import DecisionLog
from tradebot.ledger.engine import PATIENCE, Engine
from tradebot.ledger.halts_and_breaks import HaltsAndBreaks
from tradebot.ledger.history import LedgerHistory
from tradebot.ledger.orders import Orders
from tradebot.ledger.outbox import AlertQueue, Outbox
from tradebot.ledger.runs import RunLog
from tradebot.ledger.schedule import ScheduleLog

#: "tb01": tells our files from those of other programs (https://www.sqlite.org/pragma.html#pragma_application_id).
APPLICATION_ID = 0x74623031
#: The number of migrations in migrations.py.
SCHEMA_VERSION = 3


class AccountLedger:
    """The database, bound to one account. Every method commits on its own unless inside ``transaction``."""

    def __init__(self, engine: Engine, account_key: str) -> None:
        trail = audit.Trail(engine, account_key)
        self._engine = engine
        self.account_key = account_key
        self.runs = RunLog(engine, trail)
        self.orders = Orders(engine, trail)
        self.books = Books(engine, trail)
        self.halts_and_breaks = HaltsAndBreaks(engine, trail)
        self.decisions = DecisionLog(engine, trail)
        self.history = LedgerHistory(engine, account_key)
        self.outbox = Outbox(engine, trail)
        self.schedule = ScheduleLog(engine, trail)

    def transaction(self) -> AbstractContextManager[None]:
        """Several writes as one: all or none. May be nested; the outermost commits."""
        return self._engine.transaction()


class Database:
    """An open ledger. Close it when done."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.path = engine.path
        self.pinned_accounts = PinnedAccounts(engine)
        self.alert_queue = AlertQueue(engine)

    def bind(self, account_key: str) -> AccountLedger:
        """The ledger of one account. An account must be pinned before anything is written for it."""
        return AccountLedger(self.engine, account_key)

    def head(self) -> tuple[int, str]:
        """Number and hash of the newest audit row, to be kept outside the database."""
        return audit.head(self.engine)

    def hash_at(self, seq: int) -> str | None:
        """The hash of an audit row, or None where there is no such row."""
        row = self.engine.one("SELECT hash FROM audit WHERE seq = :seq", {"seq": seq})
        return str(row["hash"]) if row else None

    def close(self) -> None:
        self.engine.close()


def open_database(path: Path, *, create: bool, durable: bool = True, patience: float = PATIENCE) -> Database:
    """Open the ledger at ``path``; ``create`` makes it, and its folder, where there is none.

    ``durable=False`` gives up waiting for the disk at each commit, for replays. ``patience`` is how many seconds to
    wait for another process. Raises LedgerError for a file that is missing, empty, not ours, damaged, locked, not to
    be read, or from a newer version.
    """
    if create:
        _make_folder(path.parent)
    elif not path.exists():
        raise LedgerError(
            f"The ledger {path} is missing, in a home that had one. Nothing is sent without it. Put your newest backup "
            "there, or make a fresh one from what the broker knows with `tradebot rebuild`."
        )
    engine = Engine(path, create=create, durable=durable, patience=patience)
    try:
        _bring_to_date(engine, create)
    except BaseException:
        engine.close()
        raise
    return Database(engine)


def open_as_it_is(path: Path, *, patience: float = PATIENCE) -> Database:
    """Open the ledger to be read only; one that an older version wrote is refused, not brought up to date.

    Raises LedgerError as ``open_database`` does.
    """
    if not path.exists():
        raise LedgerError(f"The ledger {path} is missing.")
    engine = Engine(path, patience=patience)
    try:
        header = header_of(engine)
        if not header.is_current:
            refuse_what_is_not_ours(path, header)
            raise LedgerError(f"The ledger {path} is empty, or an older version wrote it.")
    except BaseException:
        engine.close()
        raise
    return Database(engine)


@dataclass(frozen=True, slots=True)
class Header:
    """What a database file says of itself: the version of its schema, and whether it is another program's."""

    version: int
    is_current: bool
    is_foreign: bool


def header_of(engine: Engine) -> Header:
    """Raises LedgerError for a file that cannot be read."""
    version, application = engine.version(), engine.application()
    is_foreign = application != APPLICATION_ID and (application != 0 or bool(engine.tables()))
    return Header(version, (version, application) == (SCHEMA_VERSION, APPLICATION_ID), is_foreign)


def refuse_what_is_not_ours(path: Path, header: Header) -> None:
    """Raise LedgerError for another program's database, and for a ledger of a newer version."""
    if header.is_foreign:
        raise LedgerError(f"{path} is a database of another program. Check DATABASE_URL.")
    if header.version > SCHEMA_VERSION:
        raise LedgerError(
            f"The ledger {path} is from a newer version of tradebot (schema {header.version}; this one knows "
            f"{SCHEMA_VERSION}). Install that version again."
        )


def _bring_to_date(engine: Engine, create: bool) -> None:
    header = header_of(engine)
    if header.is_current:
        return
    refuse_what_is_not_ours(engine.path, header)
    if header.version == 0 and not create:
        raise LedgerError(
            f"The ledger {engine.path} is empty, in a home that had one. Nothing is sent without it. Put your newest "
            "backup in its place, or make a fresh one from what the broker knows with `tradebot rebuild`."
        )
    from tradebot.ledger.migrations import migrate  # imports pandas by way of sqlite-utils

    engine.bring_to(SCHEMA_VERSION, APPLICATION_ID, migrate)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(f"The ledger's folder {folder} cannot be made: {error.strerror}.") from error
