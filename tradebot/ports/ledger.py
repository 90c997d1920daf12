"""The database, bound to one account, by what it keeps."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from tradebot.core.accounting.performance import Result
from tradebot.core.model.account import Activity, Adjustment, CashEvent, Fill, Position, SplitEvent
from tradebot.core.model.breaks import Break
from tradebot.core.model.halts import Halt
from tradebot.core.model.holdings import Holding, Lot, Trade
from tradebot.core.model.ledger_rows import (
    Booking,
    DecisionRow,
    EquityPoint,
    PinnedAccount,
    Run,
    RunStatus,
    SymbolHistory,
)
from tradebot.core.model.orders import BrokerOrder, Intent, OrderState
from tradebot.core.model.repetition import EntryKey
from tradebot.core.model.schedule import Job
from tradebot.core.results.alerts import Alert, PostState
from tradebot.core.results.audit_events import AuditEvent
from tradebot.core.safety.schedule_status import JobStart, MissedJob, ScheduleClock, TrackingStart

if TYPE_CHECKING:
    pass


class RunLog(Protocol):
    """The runs of jobs: the schedule's own ledger."""

    def begin(
        self,
        job: Job,
        session: date | None,
        at: datetime,
        wall: datetime,
        pid: int,
        keeping: ScheduleClock = ScheduleClock.DESK,
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

    def kept(self, keeping: ScheduleClock) -> TrackingStart | None:
        """Since when the schedule is kept by this clock, or None when it is not yet."""
        ...

    def keep(self, keeping: ScheduleClock, since: datetime, first: date) -> None:
        """Keep the schedule from ``since`` on, ``first`` being that instant's session or day; once a clock."""
        ...

    def turns(self, keeping: ScheduleClock, since: datetime) -> tuple[JobStart, ...]:
        """The runs that began by this clock at ``since`` or later, in the order of their beginnings."""
        ...

    def missed(self, keeping: ScheduleClock, first: date) -> frozenset[MissedJob]:
        """What is known to be missed in ``first`` and later sessions."""
        ...

    def settle(
        self, keeping: ScheduleClock, missed: Sequence[MissedJob], unsettled: date, at: datetime, noticed: datetime
    ) -> tuple[MissedJob, ...]:
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

    def executed_entries(self, decider: EntryKey, since: datetime | None, most: int) -> tuple[date, ...]:
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

    def book(self, bookings: Sequence[Booking], at: datetime, cursor: str | None = None) -> None:
        """Store activities with their effects in one transaction; one already booked changes nothing.

        ``cursor`` is the newest activity afterwards where it is not the last of them.
        """
        ...

    def knows(self, activity_id: str) -> bool:
        """Whether an activity of the broker's with this id is booked."""
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

    def past(self, symbol: str) -> SymbolHistory:
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

    def trail(self, since: datetime, until: datetime) -> tuple[AuditEvent, ...]:
        """The audit trail from ``since`` to ``until`` (desk time, both included), in order."""
        ...

    def halts_and_breaks_before(self, at: datetime) -> tuple[AuditEvent, ...]:
        """The rows of the audit trail before an instant that tell of halts and breaks, in order."""
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
