"""The phases of a session: the opening auction, the range of the day, the close.

Each part of the daily bar is used once. At the open every resting order is matched against the opening price, and so is
each order of the first five minutes. When the clock first passes them, the rest of the bar is matched against the
orders that rest at that moment, so that no later order or cancel avoids the low of the day. Later orders are matched
against the close. At the close DAY orders expire and the equity is recorded.

Where nothing trades nothing fills: in a session with volume 0, a halt of trading, orders of the symbol rest as before.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from tradebot.brokers.paper.buying_power import can_pay, equity
from tradebot.brokers.paper.corporate_actions import apply_splits, end_symbols, pay_dividends
from tradebot.brokers.paper.matching import Match, match_price, match_range
from tradebot.brokers.paper.orders import PaperOrder
from tradebot.brokers.paper.rules import Phase
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import ENDS_FOR_CASH, ActionKind, CorporateAction, DayBar
from tradebot.core.model.orders import OrderState, Purpose, TimeInForce
from tradebot.core.model.values import ZERO

OPEN_PHASE = timedelta(minutes=5)  # after the open


def advance_session(view: ExchangeView, to: datetime) -> None:
    """Advance the clock to a later instant of the session, through every phase that begins until then."""
    hours = view.hours
    if view.state.phase is Phase.PRE_OPEN and to >= hours.opens:
        view.enter(Phase.OPEN, hours.opens)
        _open(view)
    if view.state.phase is Phase.OPEN and to > hours.opens + OPEN_PHASE:
        view.enter(Phase.RESOLVED, min(to, hours.closes))
        _match_rest_of_bar(view)
    if view.state.phase is Phase.RESOLVED and to >= hours.closes:
        view.enter(Phase.CLOSED, hours.closes)
        _close(view)
    view.enter(view.state.phase, to)


def begin_session(view: ExchangeView, session: date) -> None:
    """Begin the next session. Splits and ends since the last session are applied before any order trades."""
    previous = view.state.session
    view.begin_session(session)
    apply_splits(view, _actions(view, previous, ActionKind.SPLIT))
    end_symbols(view, _actions(view, previous, *ENDS_FOR_CASH))


def match_new_order(view: ExchangeView, order: PaperOrder) -> None:
    """Match an order that has just arrived, and its legs, if its symbol trades now."""
    price = view.trading_price(order.symbol)
    bar = view.traded_bar(order.symbol)
    if price is None or bar is None or not order.working:
        return
    _apply_match(view, order, match_price(order, price, view.rules.slippage_pct), bar)
    for leg in view.book.live_group(order):
        if leg.parent == order.number:
            match_new_order(view, leg)


def _open(view: ExchangeView) -> None:
    previous = view.store.prices.session_before(view.state.session)
    if previous is not None:
        pay_dividends(view, _actions(view, previous, ActionKind.DIVIDEND))
    for order in view.book.live_orders():
        match_new_order(view, view.book.orders[order.number])


def _match_rest_of_bar(view: ExchangeView) -> None:
    """Match the range of the bar against the orders that have rested since the open.

    Stops are matched before targets: a bracket with both prices inside the bar is stopped. An entry that fills inside
    the bar may be stopped in the same bar, but does not reach its target in it.
    """
    resting = [order for order in view.book.live_orders() if order.working]
    for order in sorted(resting, key=lambda order: (order.role is Purpose.TARGET, order.number)):
        _match_range(view, order.number)


def _match_range(view: ExchangeView, number: int) -> None:
    order = view.book.orders[number]
    bar = view.traded_bar(order.symbol)
    if bar is None or not order.working:
        return
    _apply_match(view, order, match_range(order, bar, view.rules.slippage_pct), bar)
    for leg in view.book.live_group(order):
        if leg.parent == number and leg.role is Purpose.STOP:
            _match_range(view, leg.number)


def _close(view: ExchangeView) -> None:
    for order in view.book.live_orders():
        if order.time_in_force is TimeInForce.DAY and view.book.orders[order.number].live:
            view.book.end(view.book.orders[order.number], OrderState.EXPIRED, "the session closed")
    view.store.record_equity(view.state.session, equity(view))


def _apply_match(view: ExchangeView, order: PaperOrder, match: Match, bar: DayBar) -> None:
    """Trigger and fill an order as matched, or reject it when a cash account cannot pay for the fill."""
    if match.triggered and not order.triggered:
        order = view.book.update(replace(order, triggered=True))
    volume_left = _volume_left(view, bar)
    quantity = order.remaining if volume_left is None else min(order.remaining, volume_left)
    if match.price is None or quantity == 0:
        return
    fee = view.rules.commission(order.filled_quantity + quantity) - order.fees
    if can_pay(view, order, quantity, match.price, fee):
        view.book.fill(order, quantity, match.price, fee, view.booking_time)
    else:
        view.book.end(order, OrderState.REJECTED, "insufficient buying power at the price it would have filled at")


def _volume_left(view: ExchangeView, bar: DayBar) -> Decimal | None:
    """The shares of a symbol that the account may still trade in this session; None without a limit."""
    fillable = view.rules.fillable(bar.volume)
    if fillable is None:
        return None
    traded = view.store.traded(bar.symbol, bar.session) + view.book.traded_quantity(bar.symbol)
    return max(fillable - traded, ZERO)


def _actions(view: ExchangeView, after: date, *kinds: ActionKind) -> tuple[CorporateAction, ...]:
    actions = view.store.prices.actions_between(after, view.state.session)
    return tuple(action for action in actions if action.kind in kinds)
