"""A candidate: the entry that a signal asks for, before the rules are applied to it."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from tradebot.core.model.limits import Limits
from tradebot.core.model.signals import Signal
from tradebot.core.model.values import ONE
from tradebot.core.risk.sizing import Size


class LeastOrder(NamedTuple):
    """The smallest acceptable order: what a limit has to leave room for."""

    shares: Decimal
    value: Decimal  # USD
    risk: Decimal  # USD that it loses at its stop


def smallest_order(price: Decimal, stop: Decimal, limits: Limits) -> LeastOrder:
    """The smallest acceptable order at ``price`` USD a share with its stop at ``stop``."""
    least = limits.min_order_value
    shares = ONE if price >= least else (least / price).to_integral_value(ROUND_CEILING)
    return LeastOrder(shares, shares * price, shares * abs(price - stop))


class EntryTerms(NamedTuple):
    """Prices and size of an entry. Prices are USD a share."""

    price: Decimal
    stop: Decimal
    target: Decimal | None
    size: Size
    least: LeastOrder

    @property
    def value(self) -> Decimal:
        """USD."""
        return self.size.quantity * self.price


class Candidate(NamedTuple):
    """The entry that a signal asks for."""

    signal: Signal
    terms: EntryTerms | None  # None without a usable price, or without a usable stop and target

    @property
    def symbol(self) -> str:
        """The symbol to enter."""
        return self.signal.symbol
