"""The outcome of a job: the one source of the terminal, ``--json`` and the tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from tradebot.errors import ExitCode, first_by_precedence

if TYPE_CHECKING:
    from tradebot.core.accounting.performance import Totals
    from tradebot.core.model.account import AccountSnapshot, Fill
    from tradebot.core.model.breaks import Break
    from tradebot.core.model.halts import Halt
    from tradebot.core.model.ledger_rows import RunStatus
    from tradebot.core.model.orders import OrderState, OrderType, Purpose, Side
    from tradebot.core.model.plan import Denial
    from tradebot.core.model.schedule import Job
    from tradebot.core.results.resting_lines import RestingLine
    from tradebot.core.safety.stop_coverage import Gap


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order of a run for people: "BUY 10 AAPL @ 25.10, stop 24.85, target 28.87". Prices are USD per share."""

    client_order_id: str
    strategy: str
    purpose: Purpose
    side: Side
    quantity: Decimal  # shares
    symbol: str
    type: OrderType
    state: OrderState
    filled_quantity: Decimal
    price: Decimal | None  # average fill price; the limit or stop price while unfilled
    stop: Decimal | None = None  # of the bracket
    target: Decimal | None = None  # of the bracket
    reason: str = ""  # why it was sent, or why it failed


@dataclass(frozen=True, slots=True)
class FailureLine:
    """A partial failure: the job went on without the failed part."""

    what: str  # name of the strategy, symbol or alert channel
    message: str


@dataclass(frozen=True, slots=True)
class ExitLine:
    """One holding checked for exits. Prices are USD per share."""

    strategy: str
    symbol: str
    quantity: Decimal  # shares
    last: Decimal | None  # newest price; None: no quote
    stop: Decimal
    target: Decimal | None
    verdict: str  # "holds", "stop raised from 9 to 10", "target reached"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a job. Each job with more to report has a subclass."""

    job: Job
    session: date | None  # New York date; None: no session applies
    status: RunStatus
    headline: str
    codes: frozenset[ExitCode] = frozenset()  # every exit code that applies
    strategies: tuple[str, ...] = ()
    orders: tuple[OrderLine, ...] = ()
    fills: tuple[Fill, ...] = ()
    exits: tuple[ExitLine, ...] = ()
    denials: tuple[Denial, ...] = ()
    breaks: tuple[Break, ...] = ()
    halts: tuple[Halt, ...] = ()
    gaps: tuple[Gap, ...] = ()
    resting: tuple[RestingLine, ...] = ()  # what protects the holdings at the broker, by the last look of the job
    failures: tuple[FailureLine, ...] = ()
    notes: tuple[str, ...] = ()
    account: AccountSnapshot | None = None
    totals: Totals | None = None
    unprotected: Decimal | None = None  # market value without a stop, USD; None: unknown
    timings: Mapping[str, float] = field(default_factory=dict)  # wall-clock seconds by step

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the process: the first of ``codes`` by precedence."""
        return first_by_precedence(self.codes)

    @classmethod
    def of(cls, base: Outcome, **more: Any) -> Self:
        """An outcome of this class with the fields of ``base`` and the further fields ``more``."""
        return cls(**{field.name: getattr(base, field.name) for field in fields(Outcome)}, **more)
