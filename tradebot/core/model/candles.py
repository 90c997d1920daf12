"""Candles: the prices of a symbol in some minutes of a session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Candle:
    """Prices of some minutes, USD a share, and the shares that traded in them. Instants are aware UTC."""

    begins: datetime
    ends: datetime  # the first moment after it
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int  # shares
