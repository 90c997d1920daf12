"""What a job may ask of the world: small Protocols, each with one adapter a file behind it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from tradebot.core.account import (
    AccountSnapshot,
    Activity,
    Adjustment,
    Asset,
    CashEvent,
    CorporateAction,
    DayBar,
    Fill,
    MarketClock,
    Position,
    Quote,
    SessionHours,
    SplitEvent,
)
from tradebot.core.alerts import Alert, AlertLevel, PostState
from tradebot.core.attendance import Keeping, Kept, Missed, Turn
from tradebot.core.breaks import Break
from tradebot.core.halts import Halt
from tradebot.core.holdings import Holding, Lot, Trade
from tradebot.core.orders import BrokerOrder, Intent, OrderRequest, OrderState
from tradebot.core.performance import Result
from tradebot.core.records import Booking, DecisionRow, EquityPoint, Past, PinnedAccount, Run, RunStatus
from tradebot.core.repetition import Decider
from tradebot.core.schedule import Job
from tradebot.core.signals import Signal
from tradebot.core.trail import Event

if TYPE_CHECKING:
    import pandas as pd

    from tradebot.strategy_api import History


class Clock(Protocol):
    """Time as the jobs see it. On the embedded exchange ``now`` is the exchange's own persisted time."""

    def now(self) -> datetime:
        """The desk's time, aware UTC: what decisions and rows are stamped with."""
        ...

    def wall(self) -> datetime:
        """The machine's time, aware UTC: for the wall-clock columns of runs only."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait between two looks at the broker; returns at once where nothing is gained by waiting."""
        ...


class Calendar(Protocol):
    """The exchange's own calendar: holidays, half days and daylight saving included."""

    def hours(self, day: date) -> SessionHours | None:
        """The session on a New York date, or None when the exchange is closed all day."""
        ...

    def previous(self, day: date) -> SessionHours:
        """The newest session before ``day``."""
        ...

    def following(self, day: date) -> SessionHours:
        """The first session after ``day``."""
        ...

    def between(self, first: date, last: date) -> tuple[SessionHours, ...]:
        """The sessions from ``first`` to ``last``, both included, in order."""
        ...


class PriceSource(Protocol):
    """A file of daily bars and corporate actions that the embedded exchange trades on."""

    def fingerprint(self) -> str:
        """Changes whenever the file does; cheap, reads no bar."""
        ...

    def bars(self) -> Iterable[DayBar]:
        """Every bar, by session, then symbol. Raises ConfigError, with every problem, when the file is not sound."""
        ...

    def actions(self) -> tuple[CorporateAction, ...]:
        """Every split and dividend, by ex-date, then symbol."""
        ...


class Broker(Protocol):
    """One account at one broker.

    Reads raise BrokerUnavailable when they fail or are incomplete: an empty answer means empty. Writes raise
    OrderRefused (the broker said no), BrokerUnavailable (it certainly did not arrive) or OutcomeUnknown.
    """

    @property
    def name(self) -> str: ...

    @property
    def mode(self) -> str:
        """``paper`` or ``live``."""
        ...

    def clock(self) -> MarketClock: ...

    def account(self) -> AccountSnapshot: ...

    def positions(self) -> tuple[Position, ...]: ...

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        """Every live order, flat: bracket legs appear as orders of their own, held ones included."""
        ...

    def order(self, client_order_id: str) -> BrokerOrder | None:
        """The order with this id, its legs in ``legs``, or None when the broker surely has none."""
        ...

    def submit(self, request: OrderRequest) -> BrokerOrder: ...

    def cancel(self, broker_order_id: str) -> None:
        """Ask for a cancel. It has happened only when the order is seen terminal; OrderRefused when it is already."""
        ...

    def cancel_all(self) -> None:
        """Ask in one request for a cancel of every live order of the account, whoever sent it; as ``cancel``."""
        ...

    def replace(self, broker_order_id: str, request: OrderRequest) -> BrokerOrder:
        """Change quantity and prices of a resting order without a moment in which neither rests.

        The answer is the order that now rests, under ``request.client_order_id``; the old one ends REPLACED.
        """
        ...

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        """Fills, cash movements and splits since the activity with id ``after`` (None: all of them), in order."""
        ...

    def assets(self, symbols: Iterable[str]) -> Mapping[str, Asset]:
        """What the broker knows of each symbol; symbols it does not know are absent."""
        ...


class MarketData(Protocol):
    """Prices. Frames carry floats for strategies; quotes carry Decimals for decisions."""

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """The newest price of each symbol that has one."""
        ...

    def history(self, symbols: Sequence[str], sessions: int, clock: MarketClock) -> History:
        """The last ``sessions`` completed bars at ``clock.now``, adjusted with actions whose ex-date has come."""
        ...

    def known(self, symbols: Iterable[str]) -> frozenset[str]:
        """Those of ``symbols`` that there are bars of, whatever their sessions."""
        ...

    def last_completed(self, clock: MarketClock) -> date | None:
        """The newest session whose bar is complete at ``clock.now``."""
        ...

    def benchmark(self, first: date, last: date) -> pd.Series[float]:
        """Daily closes of the S&P 500 price index by session, ``first`` and ``last`` included; may be empty."""
        ...

    def upcoming_actions(self, symbols: Iterable[str], clock: MarketClock, days: int) -> tuple[CorporateAction, ...]:
        """Announced splits and dividends of these symbols whose ex-date lies in the next ``days`` days."""
        ...


@dataclass(frozen=True, slots=True)
class StrategyInfo:
    """A strategy as loaded: its symbols, warm-up in sessions, parameters and content hash."""

    name: str
    version: str
    description: str
    symbols: tuple[str, ...]
    warmup: int
    params: Mapping[str, bool | int | float | str]
    fingerprint: str
    origin: str


@dataclass(frozen=True, slots=True)
class StrategyFailure:
    """A strategy that could not be loaded or did not answer properly; it stops only itself."""

    strategy: str
    message: str


class StrategyBook(Protocol):
    """The configured strategies."""

    @property
    def loaded(self) -> tuple[StrategyInfo, ...]: ...

    @property
    def failures(self) -> tuple[StrategyFailure, ...]:
        """Those that could not be loaded."""
        ...

    @property
    def warmup(self) -> int:
        """How many sessions of history the most demanding of the loaded strategies needs to speak of the last one."""
        ...

    def signals(self, history: History) -> tuple[tuple[Signal, ...], tuple[StrategyFailure, ...]]:
        """Each strategy's signals after the last row of ``history``, and the strategies that failed at it."""
        ...


class RunLog(Protocol):
    """The runs of jobs: the schedule's own ledger."""

    def begin(
        self,
        job: Job,
        session: date | None,
        at: datetime,
        wall: datetime,
        pid: int,
        keeping: Keeping = Keeping.DESK,
    ) -> int:
        """Write down that a run has begun, and by which clock it keeps the schedule; give its id."""
        ...

    def end(
        self, run_id: int, status: RunStatus, exit_code: int, at: datetime, wall: datetime, summary: str
    ) -> None: ...

    def of_session(self, session: date) -> tuple[Run, ...]: ...

    def newest(self, job: Job, statuses: Collection[RunStatus], count: int) -> tuple[Run, ...]:
        """The newest ``count`` runs of a job with one of these statuses, newest first."""
        ...

    def last_of_each_job(self) -> tuple[Run, ...]: ...

    def strategy_spoke(self, strategy: str, fingerprint: str, session: date, at: datetime) -> None:
        """Write down that a strategy, as it is now, was asked what to trade in a session; once for each session."""
        ...

    def sessions_spoken(self, strategy: str, fingerprint: str, before: date) -> int:
        """In how many sessions before ``before`` a strategy with this fingerprint spoke."""
        ...


class ScheduleLog(Protocol):
    """What is known of turns: since when the schedule is kept, the runs by the schedule's clock, what was missed."""

    def kept(self, keeping: Keeping) -> Kept | None:
        """Since when the schedule is kept by this clock, or None when it is not yet."""
        ...

    def keep(self, keeping: Keeping, since: datetime, first: date) -> None:
        """Keep the schedule from ``since`` on, ``first`` being that instant's session or day; once a clock."""
        ...

    def turns(self, keeping: Keeping, since: datetime) -> tuple[Turn, ...]:
        """The runs that began by this clock at ``since`` or later, in the order of their beginnings."""
        ...

    def missed(self, keeping: Keeping, first: date) -> frozenset[Missed]:
        """What is known to be missed in ``first`` and later sessions."""
        ...

    def settle(
        self, keeping: Keeping, missed: Sequence[Missed], unsettled: date, at: datetime, noticed: datetime
    ) -> tuple[Missed, ...]:
        """Store what was missed, and the first session that is not settled yet; give what nobody had stored before.

        ``at`` is desk time, for the audit trail; ``noticed`` is by the clock of ``keeping``.
        """
        ...


class OrderBook(Protocol):
    """Intents and the broker's orders, of one account."""

    def write(self, intents: Sequence[Intent], at: datetime) -> None:
        """Commit intents as PLANNED. One that is still PLANNED, and so was never sent, is written anew in its place.

        Any other id that is already there raises LedgerError: a decision is made once.
        """
        ...

    def move(
        self,
        client_order_id: str,
        state: OrderState,
        at: datetime,
        *,
        broker_order_id: str | None = None,
        filled_quantity: Decimal | None = None,
        average_fill_price: Decimal | None = None,
        note: str = "",
    ) -> None:
        """Change an intent's state along LEGAL_MOVES (LedgerError otherwise), with an audit row."""
        ...

    def get(self, client_order_id: str) -> Intent | None: ...

    def unsettled(self) -> tuple[Intent, ...]:
        """Intents whose outcome is not final: planned, submitting, unknown, accepted, partially filled."""
        ...

    def of_session(self, session: date) -> tuple[Intent, ...]: ...

    def attempts(self, session: date, strategy: str, symbol: str, purpose: str) -> tuple[Intent, ...]:
        """The attempts at one decision, in order."""
        ...

    def entries_sent(self, session: date) -> int:
        """Entries of this session that were sent or may have been."""
        ...

    def sent(self, session: date, since: datetime | None = None) -> int:
        """How many times an order of this session left for the broker; from ``since`` on, never too few."""
        ...

    def executed_entries(self, decider: Decider, since: datetime | None, most: int) -> tuple[date, ...]:
        """The sessions of a decider's entries that were filled, at least in part, and left at or after ``since``.

        The newest first, and ``most`` of them at the most.
        """
        ...

    def saw(self, orders: Sequence[BrokerOrder], at: datetime) -> None:
        """Remember the broker's own view (legs and foreign orders too), for reports and for `rebuild`."""
        ...

    def owner_of(self, client_order_id: str, parent_client_order_id: str | None) -> str | None:
        """The strategy that an order or its bracket belongs to, or None when it is foreign."""
        ...


class Books(Protocol):
    """What the account holds and earned, explained by the broker's activities."""

    def cursor(self) -> str | None:
        """The id of the newest activity booked."""
        ...

    def book(self, bookings: Sequence[Booking], at: datetime) -> None:
        """Store activities with their effects in one transaction; one already booked changes nothing."""
        ...

    def unbooked(self, activities: Iterable[Activity]) -> tuple[Activity, ...]:
        """Those of the broker's activities that are not booked yet, in their order."""
        ...

    def fill(self, fill_id: str) -> Fill | None:
        """The fill with the broker's id, if it is booked and stands."""
        ...

    def filled(self, client_order_id: str) -> tuple[Fill, ...]:
        """The fills of an order that stand."""
        ...

    def past(self, symbol: str) -> Past:
        """Everything booked of a symbol that stands."""
        ...

    def lots(self, symbol: str | None = None) -> tuple[Lot, ...]:
        """Open lots, oldest first."""
        ...

    def holdings(self) -> tuple[Holding, ...]: ...

    def save_holding(self, holding: Holding, at: datetime) -> None:
        """Store a holding's changed stop, target or high water."""
        ...

    def snapshot(self, point: EquityPoint, positions: Sequence[Position]) -> None:
        """Append the account's equity and replace nothing; positions are kept by session."""
        ...

    def previous_close(self, session: date) -> EquityPoint | None:
        """The last equity point of the newest session before ``session``."""
        ...

    def first_of_session(self, session: date) -> EquityPoint | None: ...

    def peak(self) -> Decimal | None:
        """The highest equity recorded since the last rebase, USD, adjusted for deposits and withdrawals."""
        ...

    def rebase_peak(self, equity: Decimal, at: datetime) -> None: ...

    def cash(self) -> Decimal | None:
        """The cash that all booked activities add up to, USD; None while nothing is booked."""
        ...

    def cash_flow(self, session: date) -> Decimal:
        """Deposits less withdrawals of a session, USD."""
        ...


class Safety(Protocol):
    """Halts in the ledger, and breaks."""

    def halts(self) -> tuple[Halt, ...]:
        """Those latched in the ledger and not cleared; a caller drops those whose ``until`` has come."""
        ...

    def latch(self, halt: Halt, at: datetime) -> None: ...

    def clear(self, halts: Collection[Halt], reason: str, at: datetime) -> tuple[Halt, ...]:
        """Clear those of ``halts`` that are latched here, for a stated reason, audited, and say which they were."""
        ...

    def reenabled(self, strategy: str) -> datetime | None:
        """When a person last cleared the halt that a strategy's repeated executions had set."""
        ...

    def breaks(self) -> tuple[Break, ...]:
        """Open breaks."""
        ...

    def record_breaks(self, breaks: Sequence[Break], session: date, at: datetime) -> tuple[Break, ...]:
        """Store what a comparison found: new breaks open, known ones age, absent ones close. Gives the open ones."""
        ...


class Journal(Protocol):
    """Why, in order: decisions and the audit trail."""

    def decided(self, run_id: int, rows: Sequence[DecisionRow]) -> None: ...

    def note(self, kind: str, subject: str, at: datetime, detail: Mapping[str, Any]) -> None:
        """Append to the hash-chained audit trail. ``detail`` holds text, numbers as text, no secret."""
        ...

    def decisions(self, symbol: str | None, first: date | None, last: date | None) -> tuple[DecisionRow, ...]: ...

    def denial_counts(self, first: date | None, last: date | None) -> Mapping[str, int]:
        """How often each denial code was given, by code."""
        ...


class Records(Protocol):
    """History, for reports: reads only; both bounds included, None for open."""

    def trades(self, first: date | None = None, last: date | None = None) -> tuple[Trade, ...]:
        """Round trips that stand: those of a busted fill are left out."""
        ...

    def results(self) -> tuple[Result, ...]:
        """What each of all round trips that stand came to, and no more, so that years of them are read in a moment."""
        ...

    def fills(self, first: date | None = None, last: date | None = None) -> tuple[Fill, ...]:
        """Fills that stand: busted ones are left out."""
        ...

    def cash_events(self, first: date | None = None, last: date | None = None) -> tuple[CashEvent, ...]: ...

    def splits(self, first: date | None = None, last: date | None = None) -> tuple[SplitEvent, ...]: ...

    def adjustments(self, first: date | None = None, last: date | None = None) -> tuple[Adjustment, ...]: ...

    def trail(self, since: datetime, until: datetime) -> tuple[Event, ...]:
        """The audit trail from ``since`` to ``until`` (desk time, both included), in order."""
        ...

    def equity_before(self, at: datetime) -> EquityPoint | None:
        """The newest equity recorded before an instant."""
        ...

    def closing_equity(self, first: date | None = None, last: date | None = None) -> tuple[EquityPoint, ...]:
        """The last equity point of each session, ascending."""
        ...


class Outbox(Protocol):
    """Alerts that were raised."""

    def put(self, alert: Alert, wall: datetime, state: PostState = PostState.WAITING) -> bool:
        """Store an alert, on its way in ``state``; False when its key was told already and is no news yet."""
        ...


class Ledger(Protocol):
    """The database, bound to one account. Every method commits on its own unless inside ``transaction``."""

    runs: RunLog
    orders: OrderBook
    books: Books
    safety: Safety
    journal: Journal
    records: Records
    outbox: Outbox
    schedule: ScheduleLog

    def transaction(self) -> AbstractContextManager[None]:
        """Several writes as one: all or none. May be nested; the outermost commits."""
        ...


class Pins(Protocol):
    """Which account belongs to a (broker, mode) of this ledger."""

    def pinned(self, broker: str, mode: str) -> PinnedAccount | None: ...

    def pin(self, account: PinnedAccount) -> None: ...


class Latch(Protocol):
    """The halt latch file of a home: written with fsync, readable when everything else is broken."""

    def read(self) -> tuple[Halt, ...]:
        """What the file says; a file that cannot be read or understood is one halt of rule UNREADABLE."""
        ...

    def set(self, halt: Halt) -> None: ...

    def clear(self, halts: Collection[Halt]) -> None:
        """Remove these halts; every other one stays, one that is set meanwhile too."""
        ...


class Lock(Protocol):
    """The right to act on an account."""

    def assert_held(self) -> None:
        """Raise Locked unless this process still holds it; called before each send."""
        ...


class Alerts(Protocol):
    """Word to the operator. Never raises, never blocks trading."""

    def send(self, level: AlertLevel, title: str, message: str, *, key: str = "") -> None:
        """Raise an alert: ``message`` says what happened, the figures, and what to do.

        ``key`` names the matter. While it goes on, each run may raise it anew: what is told already is told again only
        when it got more severe, or after 20 hours if it is critical and a week if not. Without a key each is told.
        """
        ...


class StopSwitch(Protocol):
    """^C and SIGTERM, looked at between steps."""

    def check(self) -> None:
        """Raise Stopped when the process has been asked to end."""
        ...
