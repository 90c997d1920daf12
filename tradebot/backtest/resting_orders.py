"""The orders that rest for a holding of a backtest, stop before target, and what a session's prices fill of them."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from tradebot.backtest.account import Held
from tradebot.backtest.bars import in_dollars
from tradebot.core.model.orders import Purpose, Side
from tradebot.market.matching import FillRules, match_price, match_range


class Filled(NamedTuple):
    """A resting order that fills."""

    purpose: Purpose
    price: Decimal  # USD a share


class _Resting(NamedTuple):
    """An order as matching sees it."""

    side: Side
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    triggered: bool = False


class _Range(NamedTuple):
    """The range of a bar."""

    high: Decimal
    low: Decimal


def filled_at_open(held: Held, opening: int, rules: FillRules) -> Filled | None:
    """The order that fills at the opening price, in steps."""
    price = in_dollars(opening)
    for purpose, order in _resting(held):
        match = match_price(order, price, rules, rests=True)
        if match.price is not None:
            return Filled(purpose, match.price)
    return None


def filled_in_range(held: Held, high: int, low: int, rules: FillRules) -> list[Filled]:
    """The orders that a bar's range, in steps, would fill. The first does: it is the worse one."""
    prices = _Range(in_dollars(high), in_dollars(low))
    return [
        Filled(purpose, match.price)
        for purpose, order in _resting(held)
        if (match := match_range(order, prices, rules)).price is not None
    ]


def _resting(held: Held) -> list[tuple[Purpose, _Resting]]:
    holding = held.holding
    orders = [(Purpose.STOP, _Resting(Side.SELL, stop_price=holding.stop_price))]
    if held.target_rests and holding.target_price is not None:
        orders.append((Purpose.TARGET, _Resting(Side.SELL, limit_price=holding.target_price)))
    return orders
