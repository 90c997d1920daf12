"""What a job hands back: typed, complete, and the same for a terminal, for ``--json`` and for a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from tradebot.core.account import AccountSnapshot, CashEvent, CorporateAction, Fill
from tradebot.core.breaks import Break
from tradebot.core.halts import Halt, HaltLevel
from tradebot.core.holdings import Holding, Trade
from tradebot.core.limits import Counters, Limits
from tradebot.core.orders import OrderState, OrderType, Purpose, Side
from tradebot.core.performance import Totals
from tradebot.core.plan import Denial
from tradebot.core.protection import Gap
from tradebot.core.records import DecisionRow, EquityPoint, Run, RunStatus
from tradebot.core.schedule import Job
from tradebot.errors import ExitCode, first_of


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order of a run, as told to people: "BUY 10 AAPL @ 25.10, stop 24.85, target 28.87"."""

    client_order_id: str
    strategy: str
    purpose: Purpose
    side: Side
    quantity: Decimal
    symbol: str
    type: OrderType
    state: OrderState
    filled_quantity: Decimal
    price: Decimal | None  # average fill price, or the order's own price while it rests
    stop: Decimal | None = None
    target: Decimal | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FailureLine:
    """A strategy, a symbol or a channel that failed without stopping the rest."""

    what: str
    message: str


@dataclass(frozen=True, slots=True)
class ExitLine:
    """One holding looked at for exits: what was found ("holds", "stop raised", "sold: time exit") and its prices."""

    strategy: str
    symbol: str
    quantity: Decimal
    last: Decimal | None
    stop: Decimal
    target: Decimal | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a job. ``codes`` holds every condition that applies; the process ends with the first by precedence."""

    job: Job
    session: date | None
    status: RunStatus
    headline: str
    codes: frozenset[ExitCode] = frozenset()
    strategies: tuple[str, ...] = ()
    orders: tuple[OrderLine, ...] = ()
    fills: tuple[Fill, ...] = ()
    exits: tuple[ExitLine, ...] = ()
    denials: tuple[Denial, ...] = ()
    breaks: tuple[Break, ...] = ()
    halts: tuple[Halt, ...] = ()
    gaps: tuple[Gap, ...] = ()
    failures: tuple[FailureLine, ...] = ()
    notes: tuple[str, ...] = ()
    account: AccountSnapshot | None = None
    totals: Totals | None = None
    unprotected: Decimal | None = None
    timings: Mapping[str, float] = field(default_factory=dict)  # seconds of machine time by step

    @property
    def exit_code(self) -> ExitCode:
        return first_of(self.codes)

    @classmethod
    def of(cls, base: Outcome, **more: Any) -> Self:
        """``base`` with what a particular job has to add."""
        return cls(**{field.name: getattr(base, field.name) for field in fields(Outcome)}, **more)


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
class StopLine:
    """What an emergency stop did with one order or position. ``dollars`` is its market value, USD."""

    what: str  # "order" or "position"
    symbol: str
    quantity: Decimal
    result: str  # "cancelled", "closed", "still open", "left open with its stop", "foreign, left open" and the like
    dollars: Decimal
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StopOutcome(Outcome):
    lines: tuple[StopLine, ...] = ()
    still_open_orders: int = 0
    still_open_positions: int = 0


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
    positions: tuple[PositionLine, ...] = ()
    counters: Counters | None = None
    limits: Limits | None = None
    now: datetime | None = None


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
