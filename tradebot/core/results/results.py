"""How an account stands: its open positions for people, and what status hands back."""

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
    """An open position for people: ours with its plan, or foreign. Prices USD a share, P&L in USD."""

    strategy: str
    symbol: str
    quantity: Decimal
    entry_price: Decimal
    last: Decimal
    market_value: Decimal
    pnl: Decimal
    stop: Decimal | None
    target: Decimal | None
    opened: date | None
    protected: bool | None  # None: foreign, its stop is not ours to know


@dataclass(frozen=True, slots=True)
class StatusOutcome(Outcome):
    level: HaltLevel = HaltLevel.RUNNING
    lock_holder: str = ""
    last_runs: tuple[Run, ...] = ()
    schedule: tuple[SessionJob, ...] = ()
    positions: tuple[PositionLine, ...] = ()
    counters: Counters | None = None
    limits: Limits | None = None
    used: LimitUse | None = None
    now: datetime | None = None


class CheckResult(StrEnum):
    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One preflight check: its name, result, the figure it looked at, and what to do when it did not pass."""

    name: str
    result: CheckResult
    figure: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class PreflightOutcome(Outcome):
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Machine:
    """What a desk cannot tell and a check needs: the files, the disk and the people around it.

    ``wall`` is the machine's time and so are the other times, aware UTC. ``findings`` is what `verify` found.
    ``strategy_faults`` says by strategy which promise it does not keep, "" for none. ``channels`` says by channel of
    alerts what went wrong with it, "" for nothing; None when none was tried today.
    """

    wall: datetime
    findings: tuple[str, ...] = ()
    ledger_bytes: int = 0
    free_bytes: int = 0
    log_trouble: str = ""
    env_file_exposed: str = ""
    secrets_in_environment: tuple[str, ...] = ()
    other_users: int = 0
    last_backup: datetime | None = None
    last_drill: datetime | None = None
    last_drill_passed: bool = False
    strategy_faults: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] | None = None
    tells_somebody: bool = False


class Period(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class ReportOutcome(Outcome):
    """The material of a report over a period; the statistics of the curve are worked out where it is rendered.

    ``equity`` is the closing equity of each session of the period, led by the last point before it (the base), when
    there is one. ``benchmark`` holds the S&P 500 closes of the same sessions.
    """

    period: Period = Period.DAY
    first: date | None = None
    last: date | None = None
    equity: tuple[EquityPoint, ...] = ()
    benchmark: Mapping[date, float] = field(default_factory=dict)
    trades: tuple[Trade, ...] = ()
    by_strategy: Mapping[str, Totals] = field(default_factory=dict)
    positions: tuple[PositionLine, ...] = ()
    cash_events: tuple[CashEvent, ...] = ()
    denial_counts: Mapping[str, int] = field(default_factory=dict)
    period_fills: tuple[Fill, ...] = ()


@dataclass(frozen=True, slots=True)
class ExplainOutcome(Outcome):
    symbol: str = ""
    decisions: tuple[DecisionRow, ...] = ()
    holdings: tuple[Holding, ...] = ()
    actions: tuple[CorporateAction, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplayOutcome(Outcome):
    sessions: int = 0
    jobs_run: int = 0
    seconds: float = 0.0
    report: ReportOutcome | None = None


class StopResult(StrEnum):
    """What became of an order or a position."""

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
    """What an emergency stop did with one order or position. ``dollars`` is its market value, USD."""

    what: str  # "order" or "position"
    symbol: str
    quantity: Decimal
    result: StopResult
    dollars: Decimal
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StopEntry:
    """One thing that an emergency stop did, as it is kept until the ledger has it. ``at`` is desk time."""

    at: datetime
    did: str
    symbol: str = ""
    order_id: str = ""  # the client_order_id, where there is one
    quantity: Decimal | None = None
    detail: str = ""
    exit_code: int | None = None  # how the stop ended; in its last entry alone


@dataclass(frozen=True, slots=True)
class DrillOutcome:
    """How a rehearsal went. Seconds count from the start of its process, None for what never came; ``told`` is what
    the stop said.
    """

    passed: bool
    to_latch: float | None
    to_first_cancel: float | None
    to_flat: float | None
    told: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StopOutcome(Outcome):
    """``still_open_orders`` counts those that should have gone, ``still_open_positions`` all that are ours, in USD:
    what was cancelled, what was closed, and what is left open of our positions and of those orders. None is what the
    broker could not be read for: that is not nothing.
    """

    lines: tuple[StopLine, ...] = ()
    still_open_orders: int | None = 0
    still_open_positions: int | None = 0
    cancelled_dollars: Decimal = ZERO
    closed_dollars: Decimal = ZERO
    open_dollars: Decimal | None = ZERO
