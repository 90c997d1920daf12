"""How a session passes: the opening auction, the rest of the day's range, the close; and what a new order meets.

A daily bar is used once. At the open everything that rests meets the opening price, and so does whatever arrives in
the first five minutes. When the clock first passes beyond them, the rest of the bar is resolved against the orders
that rest at that moment, so that nothing sent later in the day can dodge the day's low. What arrives after that meets
the close. At the close, DAY orders expire and the equity is written down.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from tradebot.brokers.paper.buying_power import can_pay, equity
from tradebot.brokers.paper.corporate_actions import apply_splits, pay_dividends
from tradebot.brokers.paper.matching import Match, at_price, in_range
from tradebot.brokers.paper.orders import PaperOrder
from tradebot.brokers.paper.rules import Phase
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import ActionKind, CorporateAction, DayBar
from tradebot.core.model.orders import OrderState, Purpose, TimeInForce
from tradebot.core.model.values import ZERO

OPEN_LASTS = timedelta(minutes=5)


def advance(floor: ExchangeView, to: datetime) -> None:
    """Let the session pass up to an instant of it that is not before now."""
    hours = floor.hours
    if floor.state.phase is Phase.PRE_OPEN and to >= hours.opens:
        floor.enter(Phase.OPEN, hours.opens)
        _open(floor)
    if floor.state.phase is Phase.OPEN and to > hours.opens + OPEN_LASTS:
        floor.enter(Phase.RESOLVED, min(to, hours.closes))
        _resolve(floor)
    if floor.state.phase is Phase.RESOLVED and to >= hours.closes:
        floor.enter(Phase.CLOSED, hours.closes)
        _close(floor)
    floor.enter(floor.state.phase, to)


def begin(floor: ExchangeView, session: date) -> None:
    """Begin the next session: the splits since the last one are applied before anybody can trade."""
    previous = floor.state.session
    floor.begin_session(session)
    apply_splits(floor, _actions(floor, previous, ActionKind.SPLIT))


def meet_market(floor: ExchangeView, order: PaperOrder) -> None:
    """Let an order that has just arrived trade, if the market is open and its price allows."""
    price = floor.trading_price(order.symbol)
    bar = floor.bar(order.symbol)
    if price is None or bar is None or not order.working:
        return
    _apply(floor, order, at_price(order, price, floor.rules.slippage_pct), bar)
    for leg in floor.book.group(order):
        if leg.parent == order.number:
            meet_market(floor, leg)


def _open(floor: ExchangeView) -> None:
    previous = floor.store.prices.session_before(floor.state.session)
    if previous is not None:
        pay_dividends(floor, _actions(floor, previous, ActionKind.DIVIDEND))
    for order in floor.book.live():
        meet_market(floor, floor.book.orders[order.number])


def _resolve(floor: ExchangeView) -> None:
    """The range of the rest of the bar, against the orders that rested from the open on.

    Stops come before targets, so that a bracket with both inside the bar is stopped. An entry that fills inside the
    bar may be stopped in the same bar, and does not reach its target in it.
    """
    resting = [order for order in floor.book.live() if order.working]
    for order in sorted(resting, key=lambda order: (order.role is Purpose.TARGET, order.number)):
        _meet_range(floor, order.number)


def _meet_range(floor: ExchangeView, number: int) -> None:
    order = floor.book.orders[number]
    bar = floor.bar(order.symbol)
    if bar is None or not order.working:
        return
    _apply(floor, order, in_range(order, bar, floor.rules.slippage_pct), bar)
    for leg in floor.book.group(order):
        if leg.parent == number and leg.role is Purpose.STOP:
            _meet_range(floor, leg.number)


def _close(floor: ExchangeView) -> None:
    for order in floor.book.live():
        if order.time_in_force is TimeInForce.DAY and floor.book.orders[order.number].live:
            floor.book.end(floor.book.orders[order.number], OrderState.EXPIRED, "the session closed")
    floor.store.record_equity(floor.state.session, equity(floor))


def _apply(floor: ExchangeView, order: PaperOrder, match: Match, bar: DayBar) -> None:
    """Do to the account what a look at the market did to an order."""
    if match.triggered and not order.triggered:
        order = floor.book.put(replace(order, triggered=True))
    quantity = order.remaining if (room := _room(floor, bar)) is None else min(order.remaining, room)
    if match.price is None or quantity == 0:
        return
    fee = floor.rules.commission(order.filled_quantity + quantity) - order.fees
    if can_pay(floor, order, quantity, match.price, fee):
        floor.book.fill(order, quantity, match.price, fee, floor.moment)
    else:
        floor.book.end(order, OrderState.REJECTED, "insufficient buying power at the price it would have filled at")


def _room(floor: ExchangeView, bar: DayBar) -> Decimal | None:
    """Shares of a symbol that may still trade today; None when nothing bounds it."""
    fillable = floor.rules.fillable(bar.volume)
    if fillable is None:
        return None
    traded = floor.store.traded(bar.symbol, bar.session) + floor.book.traded(bar.symbol)
    return max(fillable - traded, ZERO)


def _actions(floor: ExchangeView, after: date, kind: ActionKind) -> tuple[CorporateAction, ...]:
    found = floor.store.prices.actions_between(after, floor.state.session)
    return tuple(action for action in found if action.kind is kind)
