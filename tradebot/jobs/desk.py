"""The desk: the wired ports that a job works with, and the story that a job tells while it works."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from tradebot.core.accounting.performance import Totals
from tradebot.core.model.account import AccountSnapshot, Fill, MarketClock
from tradebot.core.model.breaks import Break
from tradebot.core.model.halts import Halt
from tradebot.core.model.ledger_rows import DecisionRow, RunStatus
from tradebot.core.model.ownership import Ownership
from tradebot.core.model.plan import Denial
from tradebot.core.model.schedule import DAY, Job
from tradebot.core.results.outcomes import ExitLine, FailureLine, OrderLine, Outcome
from tradebot.core.results.results import Check
from tradebot.core.safety.schedule_status import ScheduleClock
from tradebot.core.safety.stop_coverage import Gap
from tradebot.core.safety.unsettled_orders import unsettled_text
from tradebot.errors import Blocked, BrokerUnavailable, ExitCode, LedgerError, OutcomeUnknown, TradebotError
from tradebot.jobs.schedule import JobSchedule
from tradebot.ledger.database import AccountLedger
from tradebot.ports import Alerts, Broker, Calendar, Clock, Latch, Lock, MarketData, StopSwitch, Strategies
from tradebot.settings import Settings


@dataclass(frozen=True, slots=True)
class AccountReading:
    """The account, and when it was read, on the desk's clock."""

    account: AccountSnapshot
    at: datetime


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a job may touch. ``ownership`` names the pinned account and says which orders are its.

    ``schedule_clock`` says which clock the schedule goes by. ``fresh_for`` is how long an answer about the account may
    be used again between two orders: no time at all where asking costs nothing. ``opened_on`` is the account as it was
    read to find out which it is.
    """

    settings: Settings
    ownership: Ownership
    clock: Clock
    calendar: Calendar
    broker: Broker
    market: MarketData
    ledger: AccountLedger
    strategies: Strategies
    latch: Latch
    lock: Lock
    stop: StopSwitch
    alerts: Alerts
    pid: int = 0
    schedule_clock: ScheduleClock = ScheduleClock.DESK
    fresh_for: timedelta = timedelta(0)
    opened_on: AccountReading | None = None

    @property
    def account_key(self) -> str:
        """The pinned account, whose key every row of the ledger carries."""
        return self.ownership.account_key

    def timekeeper(self) -> JobSchedule:
        """The schedule at this moment of the clock it goes by."""
        now = self.clock.wall() if self.schedule_clock is ScheduleClock.WALL else self.clock.now()
        return JobSchedule(self.ledger, self.calendar, self.settings.schedule_rules(), self.schedule_clock, now)


@dataclass(slots=True)
class JobRun:
    """What a run has done so far; told as an Outcome when it ends.

    ``market`` is the broker's clock as it was at ``began`` on the desk's.
    """

    job: Job
    market: MarketClock
    began: datetime
    session: date
    run_id: int = 0  # of the run that is being recorded; 0 in one that only looks
    codes: set[ExitCode] = field(default_factory=set)
    strategies: list[str] = field(default_factory=list)
    orders: list[OrderLine] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    exits: list[ExitLine] = field(default_factory=list)
    denials: list[Denial] = field(default_factory=list)
    decisions: list[DecisionRow] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)
    halts: list[Halt] = field(default_factory=list)
    objections: list[Check] = field(default_factory=list)  # failed checks that let nothing be entered
    gaps: list[Gap] = field(default_factory=list)
    failures: list[FailureLine] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    account: AccountSnapshot | None = None
    reading: AccountReading | None = None
    totals: Totals | None = None
    unprotected: Decimal | None = None
    timings: dict[str, float] = field(default_factory=dict)

    def add(self, code: ExitCode) -> None:
        """A condition that the exit code has to tell."""
        self.codes.add(code)

    def failed(self, what: str, message: str, code: ExitCode = ExitCode.DEGRADED) -> None:
        """Something failed without stopping the rest."""
        self.failures.append(FailureLine(what, message))
        self.codes.add(code)

    def market_at(self, moment: datetime) -> MarketClock:
        """The broker's clock carried on to a moment of the desk's; its sessions stay those of the beginning."""
        now, today = self.market.now + (moment - self.began), self.market.today
        said_closed = not self.market.is_open and today is not None and self.market.now >= today.opens
        is_open = today is not None and today.opens <= now < today.closes and not said_closed
        return replace(self.market, now=now, is_open=is_open)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure a step in seconds of machine time; a name met again adds up."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.timings[name] = self.timings.get(name, 0.0) + time.perf_counter() - started

    def outcome(self, status: RunStatus, headline: str) -> Outcome:
        """The story so far as a value."""
        return Outcome(
            job=self.job,
            session=self.session,
            status=status,
            headline=headline,
            codes=frozenset(self.codes),
            strategies=tuple(self.strategies),
            orders=tuple(self.orders),
            fills=tuple(self.fills),
            exits=tuple(self.exits),
            denials=tuple(self.denials),
            breaks=tuple(self.breaks),
            halts=tuple(self.halts),
            gaps=tuple(self.gaps),
            failures=tuple(self.failures),
            notes=tuple(self.notes),
            account=self.account,
            totals=self.totals,
            unprotected=self.unprotected,
            timings=dict(self.timings),
        )


def open_run(desk: Desk, job: Job) -> JobRun:
    """Begin a story at the broker's own time. Outside a session it belongs to the newest one before.

    A job of the schedule that does not get as far is written down as failed.
    """
    try:
        market = desk.broker.clock()
        return JobRun(job, market, desk.clock.now(), session_of(market))
    except TradebotError as error:
        if job in DAY:
            _end_failed(desk, _begin(desk, job, None), error)
        raise


def read_account(desk: Desk, run: JobRun, *, at_most: timedelta = timedelta(0)) -> AccountSnapshot:
    """The account, read now, or as the run read it ``at_most`` so long ago. Raises BrokerUnavailable."""
    now, reading = desk.clock.now(), run.reading or desk.opened_on
    if reading is None or not timedelta(0) <= now - reading.at < at_most:
        reading = AccountReading(desk.broker.account(), now)
    run.reading, run.account = reading, reading.account
    return reading.account


def session_of(market: MarketClock) -> date:
    """The session that something done now belongs to: today's, or the newest before. Raises BrokerUnavailable."""
    day = market.today or market.previous
    if day is None:
        raise BrokerUnavailable(f"the broker's clock knows no session at or before {market.now:%Y-%m-%d}. Try again.")
    return day.session


@contextmanager
def recorded(desk: Desk, run: JobRun) -> Iterator[RunRecord]:
    """Write the run down as begun, and as ended however it ends: an exception is stored as FAILED and goes on.

    It says first what the schedule missed since a job last ran, and whether this one is late. An exception that the
    broker gave cause for gets notes on what is known of our orders and what is not.
    """
    run.notes += desk.timekeeper().notice(desk.alerts, run.job, desk.clock.now())
    run.run_id, record = _begin(desk, run.job, run.session), RunRecord()
    try:
        yield record
    except BaseException as error:
        _end_failed(desk, run.run_id, error)
        _note_loose_ends(desk, error)
        raise
    _end(desk, run.run_id, record.status, int(record.code), record.headline)


@dataclass(slots=True)
class RunRecord:
    """How the run that is being recorded will be remembered."""

    status: RunStatus = RunStatus.RAN
    code: ExitCode = ExitCode.OK
    headline: str = ""

    def ends(self, outcome: Outcome) -> None:
        self.status, self.code, self.headline = outcome.status, outcome.exit_code, outcome.headline


def _begin(desk: Desk, job: Job, session: date | None) -> int:
    return desk.ledger.runs.begin(job, session, desk.clock.now(), desk.clock.wall(), desk.pid, desk.schedule_clock)


def _end_failed(desk: Desk, run_id: int, error: BaseException) -> None:
    code = int(getattr(error, "exit_code", ExitCode.BUG))
    with suppress(LedgerError):  # the first error is the one to tell; a ledger that fails is told by verify
        _end(desk, run_id, RunStatus.FAILED, code, f"{type(error).__name__}: {error}")


def _note_loose_ends(desk: Desk, error: BaseException) -> None:
    """Add to an error of the broker's what is known of our orders, and what is not."""
    if isinstance(error, BrokerUnavailable | OutcomeUnknown | Blocked):
        with suppress(LedgerError):
            for told in unsettled_text(desk.ledger.orders.unsettled()):
                error.add_note(told)


def _end(desk: Desk, run_id: int, status: RunStatus, code: int, summary: str) -> None:
    desk.ledger.runs.end(run_id, status, code, desk.clock.now(), desk.clock.wall(), summary[:500])
