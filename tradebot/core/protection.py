"""Which dollars have no live stop: positions of ours against the orders that rest at the broker."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class GapKind(StrEnum):
    MISSING = "missing"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    WRONG_PRICE = "wrong_price"


@dataclass(frozen=True, slots=True)
class Gap:
    """A holding whose stop at the broker is not what it should be.

    ``dollars`` is the market value in USD of the shares without a stop.
    """

    kind: GapKind
    strategy: str
    symbol: str
    held: Decimal
    protected: Decimal
    stop_price: Decimal
    dollars: Decimal
    stop_order_ids: tuple[str, ...] = ()
