"""The outcomes of `emergency-stop` and of its drill."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.values import ZERO
from tradebot.core.results.outcomes import Outcome


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
    BY_HAND = "left to you"  # the broker cannot be asked: a person has to do it there
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
class StopOutcome(Outcome):
    """The outcome of `emergency-stop`. Amounts are USD. None: the broker could not be read, so the value is unknown."""

    lines: tuple[StopLine, ...] = ()
    still_open_orders: int | None = 0  # orders that should have been cancelled
    still_open_positions: int | None = 0  # positions of ours
    cancelled_dollars: Decimal = ZERO
    closed_dollars: Decimal = ZERO
    open_dollars: Decimal | None = ZERO  # of those orders and positions


@dataclass(frozen=True, slots=True)
class DrillOutcome:
    """The outcome of an emergency stop drill. Durations are seconds since its process started; None: not reached."""

    passed: bool
    to_latch: float | None
    to_first_cancel: float | None
    to_flat: float | None
    told: str  # output of the stop, one line an order or position
    notes: tuple[str, ...] = ()
