"""The phases of a session: the opening auction, the range of the day, the close.

Each part of the daily bar is used once. At the open every resting order is matched against the opening price, and so is
each order of the first five minutes. When the clock first passes them, the rest of the bar is matched against the
orders that rest at that moment, so that no later order or cancel avoids the low of the day. Later orders are matched
against the close. At the close DAY orders expire and the equity is recorded.

Where nothing trades nothing fills: in a session with volume 0, a halt of trading, orders of the symbol rest as before.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tradebot.brokers.paper.buying_power import equity
from tradebot.brokers.paper.corporate_actions import apply_splits, end_symbols, pay_dividends
from tradebot.brokers.paper.order_matching import (
    end_aged_orders,
    expire_day_orders,
    match_at_market,
    match_in_range,
    resting_orders,
)
from tradebot.brokers.paper.rules import Phase
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import ENDS_FOR_CASH, ActionKind, CorporateAction

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
    """Begin the next session. Orders that are too old end; splits and ends since the last one are applied."""
    previous = view.state.session
    view.begin_session(session)
    end_aged_orders(view)
    apply_splits(view, _actions(view, previous, ActionKind.SPLIT))
    end_symbols(view, _actions(view, previous, *ENDS_FOR_CASH))


def _open(view: ExchangeView) -> None:
    previous = view.store.prices.session_before(view.state.session)
    if previous is not None:
        pay_dividends(view, _actions(view, previous, ActionKind.DIVIDEND))
    for order in view.book.live_orders():
        match_at_market(view, view.book.orders[order.number], rests=True)


def _match_rest_of_bar(view: ExchangeView) -> None:
    """Match the range of the bar against the orders that have rested since the open."""
    for order in resting_orders(view):
        bar = view.traded_bar(order.symbol)
        if bar is not None:
            match_in_range(view, order.number, bar)


def _close(view: ExchangeView) -> None:
    expire_day_orders(view)
    view.store.record_equity(view.state.session, equity(view))


def _actions(view: ExchangeView, after: date, *kinds: ActionKind) -> tuple[CorporateAction, ...]:
    actions = view.store.prices.actions_between(after, view.state.session)
    return tuple(action for action in actions if action.kind in kinds)
