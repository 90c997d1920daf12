"""How one order meets the market. Pure: an order and prices in, what becomes of the order out.

A daily bar tells four prices and not their order, so there are two looks at it: the order against one known price
(the opening auction, the minutes after it, the close), and an order that rested from the open on against the range of
the rest of the day. The second is pessimistic: what could have gone against the account, did.

Slippage is a fraction of the price that the order met, adverse, and rounded adversely to the tick. It never takes a
fill beyond the order's limit, and a sale never below one tick; a fill may therefore lie outside the bar by no more
than the slippage. An order that rested at its limit fills at exactly that limit, and being touched is enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tradebot.brokers.paper.orders import PaperOrder
from tradebot.core.model.account import DayBar
from tradebot.core.model.orders import Side
from tradebot.core.model.values import ONE, SUB_PENNY, tick_down, tick_up


@dataclass(frozen=True, slots=True)
class Match:
    """What a look at the market did to an order: the price it trades at (None: it does not), and its trigger."""

    price: Decimal | None = None
    triggered: bool = False


NOTHING = Match()


def at_price(order: PaperOrder, market: Decimal, slippage: Decimal) -> Match:
    """The order against the one price that the market shows."""
    if order.stop_price is not None and not order.triggered and not _reached(order.side, order.stop_price, market):
        return NOTHING
    triggered = order.stop_price is not None
    if order.limit_price is None:
        return Match(worse(market, order.side, slippage), triggered)
    return Match(_within_limit(order.side, order.limit_price, market, slippage), triggered)


def in_range(order: PaperOrder, bar: DayBar, slippage: Decimal) -> Match:
    """The order against everything the bar did after its open, given that it did not trade at the open itself.

    A stop-limit whose limit lies beyond its stop may or may not have seen the price come back: it is triggered only.
    """
    against, towards = (bar.high, bar.low) if order.side is Side.BUY else (bar.low, bar.high)
    if order.stop_price is not None and not order.triggered:
        if not _reached(order.side, order.stop_price, against):
            return NOTHING
        return at_price(order, order.stop_price, slippage)
    if order.limit_price is not None and _no_worse(order.side, towards, order.limit_price):
        return Match(order.limit_price, order.triggered)
    return NOTHING


def worse(price: Decimal, side: Side, slippage: Decimal) -> Decimal:
    """``price`` moved against ``side`` by the fraction ``slippage`` and on to the next tick."""
    if side is Side.BUY:
        return tick_up(price * (ONE + slippage))
    return max(tick_down(price * (ONE - slippage)), SUB_PENNY)


def unit_cost(order: PaperOrder, last: Decimal | None, slippage: Decimal) -> Decimal | None:
    """USD a share for which an order has to be good before it rests; None when no price is known.

    A limit is what it costs at most; a stop and a market order may still fill worse after a gap.
    """
    if order.limit_price is not None:
        return order.limit_price
    known = order.stop_price if order.stop_price is not None else last
    return None if known is None else worse(known, order.side, slippage)


def _within_limit(side: Side, limit: Decimal, market: Decimal, slippage: Decimal) -> Decimal | None:
    if not _no_worse(side, market, limit):
        return None
    slipped = worse(market, side, slippage)
    return min(slipped, limit) if side is Side.BUY else max(slipped, limit)


def _reached(side: Side, stop: Decimal, market: Decimal) -> bool:
    return market >= stop if side is Side.BUY else market <= stop


def _no_worse(side: Side, market: Decimal, limit: Decimal) -> bool:
    return market <= limit if side is Side.BUY else market >= limit
