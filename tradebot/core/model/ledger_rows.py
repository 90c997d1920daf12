"""Rows of the ledger other than orders, lots, closures and holdings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.account import Adjustment, Bookable, Fill, Reorganisation, SplitEvent
from tradebot.core.model.holdings import Holding, Lot, LotClosure
from tradebot.core.model.schedule import Job


class RunStatus(StrEnum):
    """The status of a job's run."""

    RUNNING = "running"
    RAN = "ran"
    IDLE = "idle"  # there was nothing to do
    BLOCKED = "blocked"  # a check did not pass
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PinnedAccount:
    """The account of a (broker, mode) since its first use in a home."""

    key: str  # the account_key of every row
    broker: str
    mode: str
    account_id: str
    pinned_at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job. ``*_at`` is the desk's clock; ``*_wall`` is the machine's clock, for people only."""

    run_id: int
    job: Job
    session: date | None
    status: RunStatus
    exit_code: int | None
    started_at: datetime
    ended_at: datetime | None
    started_wall: datetime
    ended_wall: datetime | None
    pid: int
    summary: str = ""  # one line for people


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """The account at one moment, USD. The last point of a session is its closing equity."""

    session: date
    at: datetime
    equity: Decimal
    cash: Decimal
    long_value: Decimal
    short_value: Decimal
    last_equity: Decimal  # at the previous close, by the broker
    unprotected: Decimal = Decimal(0)  # market value of shares without a stop


class CloseSource(StrEnum):
    """Where the equity at a close is from."""

    BROKER = "broker"  # its own closing equity, told in the next session
    PRICES = "prices"  # cash and positions at the closing prices


@dataclass(frozen=True, slots=True)
class SessionClose:
    """The account at the close of a session, USD."""

    session: date
    at: datetime  # of the close, aware UTC
    equity: Decimal
    cash: Decimal
    long_value: Decimal
    short_value: Decimal  # 0 or negative
    source: CloseSource
    prices: Mapping[str, Decimal]  # closing price by symbol, USD a share, of those that were held and have one


@dataclass(frozen=True, slots=True)
class SymbolState:
    """Open lots and holding of one symbol."""

    symbol: str
    lots: tuple[Lot, ...] = ()
    holding: Holding | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """An activity or adjustment with its effects, computed by core and stored in one transaction.

    A bust of a fill that the ledger does not know has no effects and no symbol.
    """

    activity: Bookable
    strategy: str  # whose activity it is
    symbol: str | None
    lots: tuple[Lot, ...] = ()  # the symbol's open lots afterwards
    closures: tuple[LotClosure, ...] = ()  # that it made
    holding: Holding | None = None  # the symbol's holding afterwards; None when there is none
    busted: Fill | None = None  # the fill that a bust takes back
    undone: tuple[LotClosure, ...] = ()  # that it takes back
    others: tuple[SymbolState, ...] = ()  # the other symbols that it changes, afterwards


@dataclass(frozen=True, slots=True)
class BookedActivity:
    """An activity of one symbol and the strategy that it was booked for."""

    activity: Fill | SplitEvent | Adjustment | Reorganisation
    strategy: str


@dataclass(frozen=True, slots=True)
class SymbolHistory:
    """The booked activities of one symbol, in the order of booking, and its lot closures: those that stand.

    A reorganisation is in the history of its old symbol and in that of its new one.
    """

    activities: tuple[BookedActivity, ...] = ()
    closures: tuple[LotClosure, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One decision about one symbol: an intent, a check of its exit, or a denial with the numbers compared."""

    session: date
    at: datetime
    strategy: str
    symbol: str
    purpose: str
    outcome: str  # "intent", "denied", "hold", "raised_stop"
    code: str  # denial code, or ""
    message: str
    value: Decimal | None = None
    limit: Decimal | None = None
    client_order_id: str = ""
    as_of: date | None = None  # session of the signal's bar
    fingerprint: str = ""  # version and content hash of the strategy
