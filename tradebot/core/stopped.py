"""What an emergency stop hands back: what it did with each order and position, and what is left."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.outcomes import Outcome


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
