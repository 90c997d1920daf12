"""The outcomes of single jobs, and the lines and checks that they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tradebot.core.accounting.performance import Totals
from tradebot.core.model.account import CashEvent, CorporateAction, Fill
from tradebot.core.model.halts import HaltLevel
from tradebot.core.model.holdings import Holding, Trade
from tradebot.core.model.ledger_rows import DecisionRow, EquityPoint, Run
from tradebot.core.model.limits import Counters, Limits
from tradebot.core.model.values import ZERO
from tradebot.core.results.outcomes import Outcome
from tradebot.core.risk.circuit_breakers import LimitUse
from tradebot.core.safety.schedule_status import SessionJob


@dataclass(frozen=True, slots=True)
class PositionLine:
    """An open position for people, ours or foreign. Prices are USD per share; amounts are USD."""

    strategy: str  # FOREIGN for shares that no strategy bought
    symbol: str
    quantity: Decimal  # shares, negative for a short
    entry_price: Decimal
    last: Decimal
    market_value: Decimal  # negative for a short
    pnl: Decimal  # unrealised, before fees
    stop: Decimal | None
    target: Decimal | None
    opened: date | None  # session of the entry; None: foreign
    protected: bool | None  # whether a stop covers it as it should; None: foreign


@dataclass(frozen=True, slots=True)
class StatusOutcome(Outcome):
    """The outcome of `status`."""

    level: HaltLevel = HaltLevel.RUNNING
    lock_holder: str = ""  # "": nobody holds the lock
    last_runs: tuple[Run, ...] = ()
    schedule: tuple[SessionJob, ...] = ()
    positions: tuple[PositionLine, ...] = ()
    counters: Counters | None = None
    limits: Limits | None = None
    used: LimitUse | None = None
    now: datetime | None = None  # desk time, aware UTC


class CheckResult(StrEnum):
    """The result of a preflight check. One FAIL makes the preflight fail; a WARN does not."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One preflight check."""

    name: str
    result: CheckResult
    figure: str  # the value that was checked, for people
    remedy: str = ""  # what to do; "" for PASS


@dataclass(frozen=True, slots=True)
class PreflightOutcome(Outcome):
    """The outcome of `preflight`."""

    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """Facts about the machine that the preflight checks need. Instants are wall-clock time, aware UTC."""

    wall: datetime  # now
    findings: tuple[str, ...] = ()  # of `verify` on the ledger
    ledger_bytes: int = 0
    free_bytes: int = 0  # on the ledger's disk
    log_trouble: str = ""  # why the log folder cannot be written; "": it can
    env_file_exposed: str = ""  # path of the .env file when others can read it; "": they cannot
    secrets_in_environment: tuple[str, ...] = ()  # names of environment variables
    other_users: int = 0  # other accounts of people that can log in
    last_backup: datetime | None = None
    last_drill: datetime | None = None
    last_drill_passed: bool = False
    strategy_faults: Mapping[str, str] = field(default_factory=dict)  # by strategy; "": it keeps the contract
    channels: Mapping[str, str] | None = None  # error by alert channel, "" for none; None: no test was due
    has_alert_channel: bool = False


class Period(StrEnum):
    """The period of a report."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class ReportOutcome(Outcome):
    """The outcome of `report`: the data of a period. Reports compute the statistics of the equity curve from it."""

    period: Period = Period.DAY
    first: date | None = None  # first session of the period
    last: date | None = None  # last session of the period
    equity: tuple[EquityPoint, ...] = ()  # at the close of each session, after the last point before the period, if any
    benchmark: Mapping[date, float] = field(default_factory=dict)  # S&P 500 close by session
    trades: tuple[Trade, ...] = ()  # closed in the period
    by_strategy: Mapping[str, Totals] = field(default_factory=dict)
    positions: tuple[PositionLine, ...] = ()
    cash_events: tuple[CashEvent, ...] = ()
    denial_counts: Mapping[str, int] = field(default_factory=dict)  # by rule
    period_fills: tuple[Fill, ...] = ()


@dataclass(frozen=True, slots=True)
class ExplainOutcome(Outcome):
    """The outcome of `explain`: the decisions about a symbol, its holdings and its corporate actions."""

    symbol: str = ""
    decisions: tuple[DecisionRow, ...] = ()
    holdings: tuple[Holding, ...] = ()
    actions: tuple[CorporateAction, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplayOutcome(Outcome):
    """The outcome of `replay`."""

    sessions: int = 0
    jobs_run: int = 0
    seconds: float = 0.0  # wall-clock duration
    report: ReportOutcome | None = None


class StopResult(StrEnum):
    """The result of an emergency stop for one order or position. WOULD_... are results of a dry run."""

    CANCELLED = "cancelled"
    FILLED = "filled before its cancel came"
    CLOSED = "closed"
    STILL_OPEN = "still open"
    REDUCES = "kept: it can only reduce"
    CLOSES = "kept: it closes"
    ARMED = "stop placed"
    PROTECTED = "left open with its stop"
    BARE = "left open without a stop"
    FOREIGN = "foreign, left open"
    WOULD_CANCEL = "would be cancelled"
    WOULD_CLOSE = "would be closed"
    WOULD_ARM = "would be left open with a new stop"


@dataclass(frozen=True, slots=True)
class StopLine:
    """The result of an emergency stop for one order or position, with its details."""

    what: str  # "order" or "position"
    symbol: str
    quantity: Decimal  # shares
    result: StopResult
    dollars: Decimal  # market value, USD
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StopEntry:
    """One action of an emergency stop. The stop journal keeps it until the ledger has it."""

    at: datetime  # desk time, aware UTC
    did: str  # the action, for people
    symbol: str = ""
    order_id: str = ""  # client_order_id; "": none
    quantity: Decimal | None = None
    detail: str = ""
    exit_code: int | None = None  # exit code of the stop, in its last entry only


@dataclass(frozen=True, slots=True)
class DrillOutcome:
    """The outcome of an emergency stop drill. Durations are seconds since its process started; None: not reached."""

    passed: bool
    to_latch: float | None
    to_first_cancel: float | None
    to_flat: float | None
    told: str  # output of the stop, one line an order or position
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StopOutcome(Outcome):
    """The outcome of `emergency-stop`. Amounts are USD. None: the broker could not be read, so the value is unknown."""

    lines: tuple[StopLine, ...] = ()
    still_open_orders: int | None = 0  # orders that should have been cancelled
    still_open_positions: int | None = 0  # positions of ours
    cancelled_dollars: Decimal = ZERO
    closed_dollars: Decimal = ZERO
    open_dollars: Decimal | None = ZERO  # of those orders and positions
