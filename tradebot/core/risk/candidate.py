"""A candidate: the entry that a signal asks for, before the rules are applied to it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from tradebot.core.model.limits import Limits
from tradebot.core.model.signals import Signal
from tradebot.core.model.values import ONE
from tradebot.core.risk.sizing import Size


def smallest_order(price: Decimal, limits: Limits) -> Decimal:
    """The smallest acceptable number of shares at ``price`` USD a share."""
    return max(ONE, (limits.min_order_value / price).to_integral_value(ROUND_CEILING))


@dataclass(frozen=True, slots=True)
class EntryTerms:
    """Prices and size of an entry. Prices are USD a share."""

    price: Decimal
    stop: Decimal
    target: Decimal | None
    size: Size
    least: Decimal  # shares of the smallest acceptable order

    @property
    def value(self) -> Decimal:
        """USD."""
        return self.size.quantity * self.price


@dataclass(frozen=True, slots=True)
class Candidate:
    """The entry that a signal asks for."""

    signal: Signal
    terms: EntryTerms | None  # None without a usable price, or without a usable stop and target

    @property
    def symbol(self) -> str:
        """The symbol to enter."""
        return self.signal.symbol
