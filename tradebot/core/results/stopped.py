"""What an emergency stop hands back: what it did with each order and position, and what is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.values import ZERO
from tradebot.core.results.outcomes import Outcome


class Fate(StrEnum):
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
    result: Fate
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
