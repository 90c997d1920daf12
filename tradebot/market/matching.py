"""Matching of one order against a price or a bar, and what a fill costs. Pure: no account, no clock.

The embedded exchange and backtests fill by these rules.

A daily bar has four prices, but not their order. So an order is matched in two ways: against one known price (the open,
the minutes after it, the close), or, if it has rested since the open, against the range of the rest of the day. The
second match is pessimistic: among the possible sequences it takes the worst one for the account.

Slippage is a fraction of the market price, against the order, rounded to the tick against the order. It never takes a
fill beyond the order's limit, nor a sale below one tick. A fill may therefore lie outside the bar by the slippage.

A limit order that arrives takes the offers up to its limit, as at any venue. One that rests waits in the queue at its
price: it fills once the price has gone through its limit by a tick, since at a mere touch the orders that came before
it may have taken all there was. Within the range it fills at exactly its limit, and where the price gaps through it, as
at an open, at that better price.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Protocol

from tradebot.core.model.orders import Side
from tradebot.core.model.values import ONE, SUB_PENNY, ZERO, tick_down, tick_size, tick_up, to_cents, whole_shares


class Matched(Protocol):
    """What matching needs of an order. Prices are USD a share."""

    @property
    def side(self) -> Side:
        """Whether it buys or sells."""
        ...

    @property
    def limit_price(self) -> Decimal | None:
        """The worst price that it takes; None for one at the market."""
        ...

    @property
    def stop_price(self) -> Decimal | None:
        """The price that triggers it; None for one that works at once."""
        ...

    @property
    def triggered(self) -> bool:
        """Whether its stop price was reached."""
        ...


class PriceRange(Protocol):
    """The highest and the lowest price of a time, USD a share: of a daily bar, say."""

    @property
    def high(self) -> Decimal:
        """The highest price."""
        ...

    @property
    def low(self) -> Decimal:
        """The lowest price."""
        ...


@dataclass(frozen=True, slots=True)
class FillRules:
    """What fills cost, and how much of a session's volume they take."""

    slippage_pct: Decimal = Decimal("0.0005")  # a fraction of the price: 0.05%
    commission_per_share: Decimal = Decimal("0.005")  # USD
    commission_min: Decimal = Decimal(1)  # USD an order
    max_fill_volume_pct: Decimal | None = None  # the fraction of a session's volume that may fill; None: no limit
    fills_at_touch: bool = False  # whether an order that rests fills at a mere touch of its limit

    def commission(self, quantity: Decimal) -> Decimal:
        """The commission on an order of which ``quantity`` shares have filled, USD to the cent."""
        if quantity == 0:
            return ZERO
        return to_cents(max(self.commission_min, self.commission_per_share * quantity))

    def fillable(self, volume: int) -> Decimal | None:
        """The whole shares of one symbol that may fill in a session of ``volume`` shares; None without a limit."""
        return None if self.max_fill_volume_pct is None else whole_shares(self.max_fill_volume_pct * volume)


class Match(NamedTuple):
    """The result of matching an order."""

    price: Decimal | None = None  # USD a share; None if the order does not trade
    triggered: bool = False  # the stop price was reached, now or before


NO_MATCH = Match()


def match_price(
    order: Matched, market: Decimal, rules: FillRules, *, rests: bool, last: Decimal | None = None
) -> Match:
    """Match an order against the market price, USD a share. A stop is triggered by ``last``, where that is another.

    ``rests``: whether the order waited when the market came to this price. Otherwise it arrives at this price, as a
    stop does that this price triggers.
    """
    seen = market if last is None else last
    if order.stop_price is not None and not order.triggered:
        if not _reaches(order.side, order.stop_price, seen):
            return NO_MATCH
        rests = False
    triggered = order.stop_price is not None
    price = with_slippage(market, order.side, rules.slippage_pct)
    if order.limit_price is None:
        return Match(price, triggered)
    if not _passes(order.side, market, order.limit_price, at_touch=rules.fills_at_touch or not rests):
        return Match(None, triggered)
    best = min if order.side is Side.BUY else max
    return Match(best(price, order.limit_price), triggered)


def match_range(order: Matched, prices: PriceRange, rules: FillRules) -> Match:
    """Match an order that rested since the range began, and did not trade at its first price, against the range.

    A stop-limit order whose limit lies beyond its stop is only triggered: whether the price came back is unknown.
    """
    worst, best = (prices.high, prices.low) if order.side is Side.BUY else (prices.low, prices.high)
    if order.stop_price is not None and not order.triggered:
        if not _reaches(order.side, order.stop_price, worst):
            return NO_MATCH
        return match_price(order, order.stop_price, rules, rests=False)
    if order.limit_price is not None and _passes(order.side, best, order.limit_price, at_touch=rules.fills_at_touch):
        return Match(order.limit_price, order.triggered)
    return NO_MATCH


def with_slippage(price: Decimal, side: Side, slippage: Decimal) -> Decimal:
    """``price`` moved against ``side`` by the fraction ``slippage`` and rounded to the tick against it."""
    if side is Side.BUY:
        return tick_up(price * (ONE + slippage))
    return max(tick_down(price * (ONE - slippage)), SUB_PENNY)


def unit_cost(order: Matched, last: Decimal | None, slippage: Decimal) -> Decimal | None:
    """The cost of one share, USD, that an order reserves; None while no price is known.

    For an order with a limit it is the highest possible cost. A stop or a market order may fill worse after a gap.
    """
    if order.limit_price is not None:
        return order.limit_price
    expected = order.stop_price if order.stop_price is not None else last
    return None if expected is None else with_slippage(expected, order.side, slippage)


def _reaches(side: Side, stop: Decimal, market: Decimal) -> bool:
    return market >= stop if side is Side.BUY else market <= stop


def _passes(side: Side, best: Decimal, limit: Decimal, *, at_touch: bool) -> bool:
    """Whether the price went through a limit by a tick; ``at_touch``: whether it reached it."""
    beyond = ZERO if at_touch else tick_size(limit)
    return best <= limit - beyond if side is Side.BUY else best >= limit + beyond
