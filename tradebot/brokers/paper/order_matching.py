"""Matches the orders of the account against a price or a range of prices, and books what fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from tradebot.brokers.paper.buying_power import can_pay
from tradebot.brokers.paper.orders import PaperOrder
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.orders import OrderState, Purpose, TimeInForce
from tradebot.market.matching import Match, PriceRange, match_price, match_range


def match_at_market(view: ExchangeView, order: PaperOrder, *, rests: bool = False) -> None:
    """Match an order, and its legs, at the price at which its symbol trades now, if it does.

    ``rests``: whether the order waited when the market came to this price; otherwise it arrives.
    """
    price, last = view.price_for(order.symbol, order.side), view.trading_price(order.symbol)
    if price is None or not order.working:
        return
    _apply_match(view, order, match_price(order, price, view.rules, rests=rests, last=last))
    for leg in view.book.live_group(order):
        if leg.parent == order.number:
            match_at_market(view, leg, rests=rests)


def match_resting_at(view: ExchangeView, order: PaperOrder, price: Decimal) -> None:
    """Match an order that rested when the market came to a price, USD a share, and its legs."""
    if not order.working:
        return
    _apply_match(view, order, match_price(order, price, view.rules, rests=True))
    for leg in view.book.live_group(order):
        if leg.parent == order.number:
            match_resting_at(view, leg, price)


def resting_orders(view: ExchangeView) -> Sequence[PaperOrder]:
    """The orders that may fill, in the order in which a range is matched against them.

    Stops are matched before targets: a bracket with both prices inside the range is stopped.
    """
    resting = [order for order in view.book.live_orders() if order.working]
    return sorted(resting, key=lambda order: (order.role is Purpose.TARGET, order.number))


def match_in_range(view: ExchangeView, number: int, prices: PriceRange) -> None:
    """Match the order with this number against a range that it has rested through.

    An entry that fills inside the range may be stopped in the same range, but does not reach its target in it.
    """
    order = view.book.orders[number]
    if not order.working:
        return
    _apply_match(view, order, match_range(order, prices, view.rules))
    for leg in view.book.live_group(order):
        if leg.parent == number and leg.role is Purpose.STOP:
            match_in_range(view, leg.number, prices)


def expire_day_orders(view: ExchangeView) -> None:
    """End the live DAY orders: the session closed."""
    for order in view.book.live_orders():
        if order.time_in_force is TimeInForce.DAY and view.book.orders[order.number].live:
            view.book.end(view.book.orders[order.number], OrderState.EXPIRED, "the session closed")


def end_aged_orders(view: ExchangeView) -> None:
    """Cancel the orders that have rested for as long as an order may, if there is an end to that."""
    age = view.rules.capabilities.gtc_age
    if age is None:
        return
    for order in view.book.live_orders():
        if view.book.orders[order.number].live and view.state.now - order.submitted_at >= age:
            view.book.end(order, OrderState.CANCELLED, f"it has rested for {age.days} days")


def _apply_match(view: ExchangeView, order: PaperOrder, match: Match) -> None:
    """Trigger and fill an order as matched, or reject it when a cash account cannot pay for the fill."""
    if match.triggered and not order.triggered:
        order = view.book.update(replace(order, triggered=True))
    volume_left = view.volume_left(order.symbol)
    quantity = order.remaining if volume_left is None else min(order.remaining, volume_left)
    if match.price is None or quantity == 0:
        return
    fee = view.rules.commission(order.filled_quantity + quantity) - order.fees
    if can_pay(view, order, quantity, match.price, fee):
        view.book.fill(order, quantity, match.price, fee, view.booking_time)
    else:
        view.book.end(order, OrderState.REJECTED, "insufficient buying power at the price it would have filled at")
