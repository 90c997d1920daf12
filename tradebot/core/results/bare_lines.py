"""The times in which positions had no live stop, for people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tradebot.core.safety.bare_time import BarePeriod


@dataclass(frozen=True, slots=True)
class BareLine:
    """One such time. ``shares``, ``dollars`` (USD) and ``seconds`` are never negative."""

    symbol: str
    strategy: str
    shares: Decimal
    dollars: Decimal  # market value of the shares when it began
    began_at: datetime  # aware UTC
    ended_at: datetime | None  # None: it lasts
    seconds: Decimal


def bare_lines(periods: Iterable[BarePeriod], now: datetime) -> tuple[BareLine, ...]:
    """A line for each period, in order; one that lasts is measured until ``now``."""
    return tuple(
        BareLine(
            period.symbol,
            period.strategy,
            period.shares,
            period.dollars,
            period.began_at,
            period.ended_at,
            period.seconds(now),
        )
        for period in periods
    )
