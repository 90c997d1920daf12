"""Rows of the ledger that are neither orders nor holdings, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.account import Adjustment, Bookable, Fill, SplitEvent
from tradebot.core.model.holdings import Holding, Lot, Trade
from tradebot.core.model.schedule import Job


class RunStatus(StrEnum):
    """How a due job ended."""

    RUNNING = "running"
    RAN = "ran"
    IDLE = "idle"
    BLOCKED = "blocked"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PinnedAccount:
    """The account that a (broker, mode) belongs to since its first use. ``key`` stands for it in every row."""

    key: str
    broker: str
    mode: str
    account_id: str
    pinned_at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job. ``started_at``/``ended_at`` are desk time; the wall-clock columns are for people only."""

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
    """The account at one moment of a session, USD. The last point of a session is its closing equity."""

    session: date
    at: datetime
    equity: Decimal
    cash: Decimal
    long_value: Decimal
    short_value: Decimal
    last_equity: Decimal  # the broker's word on the previous close
    unprotected: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Booking:
    """What one activity of the broker, or one adjustment, does to the books, worked out by core and stored at once.

    ``lots`` are the symbol's open lots after it; ``trades`` the round trips it closed; ``holding`` the symbol's
    holding after it (None when nothing is held or it is foreign). ``strategy`` is whose activity it was. Of a bust,
    ``busted`` is the fill that it takes back and ``undone`` are the round trips that are none any more; a bust of a
    fill that the ledger does not know has neither, and no symbol.
    """

    activity: Bookable
    strategy: str
    symbol: str | None
    lots: tuple[Lot, ...] = ()
    trades: tuple[Trade, ...] = ()
    holding: Holding | None = None
    busted: Fill | None = None
    undone: tuple[Trade, ...] = ()


@dataclass(frozen=True, slots=True)
class BookedActivity:
    """An activity of one symbol as it was booked, and for whom."""

    activity: Fill | SplitEvent | Adjustment
    strategy: str


@dataclass(frozen=True, slots=True)
class SymbolHistory:
    """Everything booked of one symbol that stands, in the order of booking, and the round trips that stand."""

    done: tuple[BookedActivity, ...] = ()
    trades: tuple[Trade, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """What was decided about one symbol: an intent, an exit check, or a denial with the numbers compared."""

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
    as_of: date | None = None
    fingerprint: str = ""
