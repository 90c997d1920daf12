"""Busts and corrections: a fill at an erroneous price is reversed, or reversed and booked again at another price.

Cash, commission and shares become as if the fill had never happened. Its order ends, so no part of it fills again, and
orders that would close the missing shares are reduced or cancelled. A bust normally comes before the start of the next
day's trading (FINRA Rule 11892), so a fill from before a split of its symbol cannot be busted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from tradebot.brokers.paper.account_book import AVERAGE_PRICE_STEP, PaperPosition, average_of
from tradebot.brokers.paper.order_validation import NOT_FOUND, UNPROCESSABLE, refusal
from tradebot.brokers.paper.orders import PaperOrder, parse_number
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import Activity, Fill, FillBust, Reorganisation, SplitEvent
from tradebot.core.model.orders import OrderState, Side
from tradebot.core.model.values import ZERO, to_tick


def bust(view: ExchangeView, fill_id: str) -> None:
    """Reverse a fill. Raises OrderRefused when no fill with this id stands, or its symbol has split or ended since."""
    fill, others = _find(view, fill_id)
    view.book.reverse_fill(fill, _position_after(fill.symbol, others), view.booking_time)
    order = _with_fills(_order_of(view, fill), others)
    reason = f"its fill {fill_id} was busted"
    if order.live:
        view.book.end(view.book.update(order), OrderState.CANCELLED, reason)
    else:
        state = OrderState.CANCELLED if order.state is OrderState.FILLED else order.state
        view.book.update(replace(order, state=state, reason=reason))
    _reduce_closing_orders(view, fill)


def correct(view: ExchangeView, fill_id: str, price: Decimal) -> None:
    """Reverse a fill and book the same shares at ``price``, USD a share. Its order and its legs do not change.

    Raises OrderRefused as ``bust`` does, and for a price that is no multiple of the tick above 0.
    """
    fill, others = _find(view, fill_id)
    if not price.is_finite() or price <= 0 or price != to_tick(price):
        raise refusal(UNPROCESSABLE, "a corrected price must be a tick above 0", f"got {price}")
    view.book.reverse_fill(fill, _position_after(fill.symbol, others), view.booking_time)
    repriced = replace(fill, price=price)
    position = _position_after(fill.symbol, [*others, repriced])
    corrected = view.book.book_corrected_fill(fill, position, price, view.booking_time)
    view.book.update(_with_fills(_order_of(view, fill), [*others, corrected]))


def _find(view: ExchangeView, fill_id: str) -> tuple[Fill, list[Activity]]:
    """A fill that stands, and every other activity but busted fills."""
    activities = view.store.activities(0)
    busted = {bust.fill_id for bust in activities if isinstance(bust, FillBust)}
    standing = [each for each in activities if not isinstance(each, Fill) or each.fill_id not in busted]
    index = next((n for n, each in enumerate(standing) if isinstance(each, Fill) and each.fill_id == fill_id), None)
    fill = None if index is None else standing.pop(index)
    if index is None or not isinstance(fill, Fill):
        raise refusal(NOT_FOUND, "no such fill stands", fill_id)
    for later in standing[index:]:
        if isinstance(later, SplitEvent | Reorganisation) and later.symbol == fill.symbol:
            what = "a split" if isinstance(later, SplitEvent) else "the end of its symbol"
            raise refusal(UNPROCESSABLE, f"a fill from before {what} stands", f"{fill_id} of {fill.symbol}")
    return fill, standing


def _order_of(view: ExchangeView, fill: Fill) -> PaperOrder:
    number = parse_number(fill.broker_order_id, "O")
    order = None if number is None else view.book.orders.get(number) or view.store.order(number)
    assert order is not None, "a fill has an order, and orders stay"
    return order


def _position_after(symbol: str, activities: Iterable[Activity]) -> PaperPosition:
    """The position that results from these activities."""
    position = PaperPosition(symbol, ZERO, ZERO)
    for each in activities:
        match each:
            case Fill() if each.symbol == symbol:
                position = position.traded(each.side.sign * each.quantity, each.price)
            case SplitEvent() if each.symbol == symbol:
                average = (position.average_price / each.ratio).quantize(AVERAGE_PRICE_STEP)
                position = PaperPosition(symbol, each.quantity_after, average if each.quantity_after else ZERO)
            case Reorganisation() if each.symbol == symbol:
                position = PaperPosition(symbol, ZERO, ZERO)
    return position


def _with_fills(order: PaperOrder, activities: Iterable[Activity]) -> PaperOrder:
    """The order with exactly its fills among these activities."""
    filled, fees, average = ZERO, ZERO, ZERO
    for each in activities:
        if isinstance(each, Fill) and each.broker_order_id == order.broker_order_id:
            average = average_of(filled, average, each.quantity, each.price)
            filled, fees = filled + each.quantity, fees + each.fee
    return replace(order, filled_quantity=filled, fees=fees, average_fill_price=average if filled else None)


def _reduce_closing_orders(view: ExchangeView, fill: Fill) -> None:
    """Let no order close more shares than are left: legs of brackets, and in a cash account every sale."""
    book, side = view.book, fill.side.opposite
    left = max(-side.sign * book.held(fill.symbol), ZERO)
    closable: dict[int, Decimal] = {}  # by group
    for order in book.live_orders():
        is_closing = order.parent is not None or (side is Side.SELL and not view.rules.allow_short)
        if order.symbol != fill.symbol or order.side is not side or not order.working or not is_closing:
            continue
        if order.group not in closable:
            closable[order.group] = min(order.remaining, left)
            left -= closable[order.group]
        remaining = min(order.remaining, closable[order.group])
        if remaining:
            book.update(replace(order, quantity=order.filled_quantity + remaining))
        else:
            reason = f"nothing is left for it to close: {fill.fill_id} was busted"
            book.update(replace(order, state=OrderState.CANCELLED, reason=reason))
