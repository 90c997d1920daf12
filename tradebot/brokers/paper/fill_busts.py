"""What the exchange takes back: a fill at a price that was clearly an error is busted, or filled anew at another price.

Cash, fee and shares are as if the fill had never been. Its order is over, for no part of it trades a second time, and
what had been resting to close the shares that are gone is cut down or cancelled with them. A bust comes by the start of
the next day's trading as a rule (FINRA Rule 11892), so a fill from before a split of its symbol stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from tradebot.brokers.paper.account_book import AVERAGE_PRICE_STEP, PaperPosition, average_of
from tradebot.brokers.paper.order_validation import NOT_FOUND, UNPROCESSABLE, refusal
from tradebot.brokers.paper.orders import PaperOrder, number_of
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import Activity, Fill, FillBust, SplitEvent
from tradebot.core.model.orders import OrderState, Side
from tradebot.core.model.values import ZERO, to_tick


def bust(floor: ExchangeView, fill_id: str) -> None:
    """Take a fill back. Raises OrderRefused when there is none of this id, or it can't be."""
    fill, others = _find(floor, fill_id)
    floor.book.take_back(fill, _position(fill.symbol, others), floor.moment)
    order = _with_fills(_order_of(floor, fill), others)
    reason = f"its fill {fill_id} was busted"
    if order.live:
        floor.book.end(floor.book.put(order), OrderState.CANCELLED, reason)
    else:
        over = OrderState.CANCELLED if order.state is OrderState.FILLED else order.state
        floor.book.put(replace(order, state=over, reason=reason))
    _cut_down(floor, fill)


def correct(floor: ExchangeView, fill_id: str, price: Decimal) -> None:
    """Take a fill back and fill the same shares at ``price``; its order and what protects it rest on as they do."""
    fill, others = _find(floor, fill_id)
    if not price.is_finite() or price <= 0 or price != to_tick(price):
        raise refusal(UNPROCESSABLE, "a corrected price must be a tick above 0", f"got {price}")
    floor.book.take_back(fill, _position(fill.symbol, others), floor.moment)
    stand_in = replace(fill, price=price)
    again = floor.book.fill_again(fill, _position(fill.symbol, [*others, stand_in]), price, floor.moment)
    floor.book.put(_with_fills(_order_of(floor, fill), [*others, again]))


def _find(floor: ExchangeView, fill_id: str) -> tuple[Fill, list[Activity]]:
    """A fill that stands, and the other activities that do."""
    done = floor.store.activities(0)
    busted = {bust.fill_id for bust in done if isinstance(bust, FillBust)}
    standing = [each for each in done if not isinstance(each, Fill) or each.fill_id not in busted]
    place = next((n for n, each in enumerate(standing) if isinstance(each, Fill) and each.fill_id == fill_id), None)
    fill = None if place is None else standing.pop(place)
    if place is None or not isinstance(fill, Fill):
        raise refusal(NOT_FOUND, "no such fill stands", fill_id)
    if any(isinstance(later, SplitEvent) and later.symbol == fill.symbol for later in standing[place:]):
        raise refusal(UNPROCESSABLE, "a fill from before a split stands", f"{fill_id} of {fill.symbol}")
    return fill, standing


def _order_of(floor: ExchangeView, fill: Fill) -> PaperOrder:
    number = number_of(fill.broker_order_id, "O")
    order = None if number is None else floor.book.orders.get(number) or floor.store.order(number)
    assert order is not None, "a fill has an order, and orders stay"
    return order


def _position(symbol: str, done: Iterable[Activity]) -> PaperPosition:
    """The position that these activities come to."""
    position = PaperPosition(symbol, ZERO, ZERO)
    for each in done:
        match each:
            case Fill() if each.symbol == symbol:
                position = position.traded(each.side.sign * each.quantity, each.price)
            case SplitEvent() if each.symbol == symbol:
                average = (position.average_price / each.ratio).quantize(AVERAGE_PRICE_STEP)
                position = PaperPosition(symbol, each.quantity_after, average if each.quantity_after else ZERO)
    return position


def _with_fills(order: PaperOrder, done: Iterable[Activity]) -> PaperOrder:
    """An order with nothing filled but what stands."""
    filled, fees, average = ZERO, ZERO, ZERO
    for each in done:
        if isinstance(each, Fill) and each.broker_order_id == order.broker_order_id:
            average = average_of(filled, average, each.quantity, each.price)
            filled, fees = filled + each.quantity, fees + each.fee
    return replace(order, filled_quantity=filled, fees=fees, average_fill_price=average if filled else None)


def _cut_down(floor: ExchangeView, fill: Fill) -> None:
    """Let no order close more shares than there are left: the legs of brackets, and in a cash account every sale."""
    book, side = floor.book, fill.side.opposite
    left = max(-side.sign * book.held(fill.symbol), ZERO)
    allowed: dict[int, Decimal] = {}
    for order in book.live():
        closing = order.parent is not None or (side is Side.SELL and not floor.rules.allow_short)
        if order.symbol != fill.symbol or order.side is not side or not order.working or not closing:
            continue
        if order.group not in allowed:
            allowed[order.group] = min(order.remaining, left)
            left -= allowed[order.group]
        room = min(order.remaining, allowed[order.group])
        if room:
            book.put(replace(order, quantity=order.filled_quantity + room))
        else:
            reason = f"nothing is left for it to close: {fill.fill_id} was busted"
            book.put(replace(order, state=OrderState.CANCELLED, reason=reason))
