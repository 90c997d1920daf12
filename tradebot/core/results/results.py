"""How an account stands: its open positions for people, and what status hands back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tradebot.core.model.halts import HaltLevel
from tradebot.core.model.ledger_rows import Run
from tradebot.core.model.limits import Counters, Limits
from tradebot.core.results.outcomes import Outcome
from tradebot.core.safety.schedule_status import Cell


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
    schedule: tuple[Cell, ...] = ()
    positions: tuple[PositionLine, ...] = ()
    counters: Counters | None = None
    limits: Limits | None = None
    now: datetime | None = None
