"""What a job hands back: typed, complete, and the same for a terminal, for ``--json`` and for a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any, Self

from tradebot.core.accounting.performance import Totals
from tradebot.core.model.account import AccountSnapshot, Fill
from tradebot.core.model.breaks import Break
from tradebot.core.model.halts import Halt
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.orders import OrderState, OrderType, Purpose, Side
from tradebot.core.model.plan import Denial
from tradebot.core.model.schedule import Job
from tradebot.core.safety.stop_coverage import Gap
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
