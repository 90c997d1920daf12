"""Sessions at live prices: what happened between two looks at the prices outside, and at the second.

Between the looks, candles decide: minutes of a session, or the whole of one that nobody looked at. An order that
rested when a candle began is matched at its first price, as at an open, so that a gap fills there. Then the range of
the candle is matched, pessimistically, as the range of a day is. In a candle that an order came into, its stop counts
and its limit does not: whether the range was reached before or after is not known. At the second look, the orders that
rest are matched at the quotes.

A fill inside a candle is dated at the end of the candle, which no look has come before: nothing is ever dated before a
moment at which the exchange showed it otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import itemgetter

from tradebot.brokers.paper.buying_power import equity
from tradebot.brokers.paper.corporate_actions import apply_splits, end_symbols, pay_dividends
from tradebot.brokers.paper.live_view import LiveView
from tradebot.brokers.paper.order_matching import (
    end_aged_orders,
    expire_day_orders,
    match_at_market,
    match_in_range,
    match_resting_at,
    resting_orders,
)
from tradebot.brokers.paper.orders import PaperOrder
from tradebot.brokers.paper.rules import Phase
from tradebot.brokers.paper.sessions import session_start
from tradebot.core.model.account import ENDS_FOR_CASH, ActionKind, CorporateAction, Quote
from tradebot.core.model.candles import Candle

#: How long after its end a candle counts as complete. How late a broker finishes one is not known: a guess.
SETTLED_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at the prices outside has brought."""

    at: datetime  # aware UTC
    quotes: Mapping[str, Quote]
    candles: Mapping[str, tuple[Candle, ...]]  # by symbol, in order
    actions: tuple[CorporateAction, ...]  # by ex-date


def follow(view: LiveView, seen: Seen) -> None:
    """Bring the exchange from its last look to that of ``seen``, session by session."""
    _follow_session(view, seen)
    while session_start(following := view.calendar.following(view.state.session).session) <= seen.at:
        _begin_session(view, following, seen)
        _follow_session(view, seen)
    view.enter(view.state.phase, seen.at)
    for quote in seen.quotes.values():
        view.mark_quote(quote, seen.at)
    for order in resting_orders(view):
        match_at_market(view, view.book.orders[order.number], rests=True)


def _begin_session(view: LiveView, session: date, seen: Seen) -> None:
    view.begin_session(session)
    view.begin_mark_day()
    end_aged_orders(view)
    _apply_splits_and_ends(view, seen)


def _apply_splits_and_ends(view: LiveView, seen: Seen) -> None:
    """Apply the splits and ends of this session that were not applied yet, before any order trades."""
    splits = _take(view, seen, ActionKind.SPLIT)
    for split in splits:
        view.split_mark(split)
    apply_splits(view, splits)
    end_symbols(view, _take(view, seen, *ENDS_FOR_CASH))


def _take(view: LiveView, seen: Seen, *kinds: ActionKind) -> tuple[CorporateAction, ...]:
    """The actions of this session of some kinds that were not taken before. They count as taken from now on."""
    before = view.calendar.previous(view.state.session).session
    taken = view.store.prices.actions_between(before, view.state.session)
    ours = {each.symbol for each in view.book.live_orders()} | set(view.book.positions)
    new = tuple(
        action
        for action in seen.actions
        if action.kind in kinds
        and action.symbol in ours
        and before < action.ex_date <= view.state.session
        and not any((each.symbol, each.kind) == (action.symbol, action.kind) for each in taken)
    )
    view.store.prices.add_actions(new)
    return new


def _follow_session(view: LiveView, seen: Seen) -> None:
    """Follow the current session from the last look to this one, at the latest to its close."""
    hours, looked_at = view.hours, view.state.now
    if view.state.phase is Phase.PRE_OPEN and seen.at >= hours.opens:
        _apply_splits_and_ends(view, seen)
        view.enter(Phase.OPEN, max(hours.opens, looked_at))
        pay_dividends(view, _take(view, seen, ActionKind.DIVIDEND))
    if view.state.phase is not Phase.OPEN:
        return
    for at, is_open, symbol, candle in _moments(view, seen):
        view.enter(Phase.OPEN, max(at, looked_at))
        if is_open:
            _match_open(view, symbol, candle)
        else:
            _match_range(view, symbol, candle)
    if seen.at >= hours.closes + SETTLED_AFTER:
        view.enter(Phase.CLOSED, max(hours.closes, looked_at))
        expire_day_orders(view)
        view.store.record_equity(view.state.session, equity(view))


def _moments(view: LiveView, seen: Seen) -> Iterator[tuple[datetime, bool, str, Candle]]:
    """The beginnings (True) and the ends (False) of the session's complete candles, in order."""
    hours = view.hours
    complete = [
        (symbol, candle)
        for symbol, candles in seen.candles.items()
        for candle in candles
        if hours.opens <= candle.begins < hours.closes and view.state.now < candle.ends + SETTLED_AFTER <= seen.at
    ]
    moments = [(candle.begins, True, symbol, candle) for symbol, candle in complete]
    moments += [(candle.ends, False, symbol, candle) for symbol, candle in complete]
    yield from sorted(moments, key=itemgetter(0, 1, 2))


def _match_open(view: LiveView, symbol: str, candle: Candle) -> None:
    for order in _resting(view, symbol):
        if order.submitted_at <= candle.begins:
            match_resting_at(view, view.book.orders[order.number], candle.open)
    view.mark_price(symbol, candle.open, candle.begins)


def _match_range(view: LiveView, symbol: str, candle: Candle) -> None:
    for order in _resting(view, symbol):
        if order.submitted_at <= (candle.ends if _is_stop(order) else candle.begins):
            match_in_range(view, order.number, candle)
    view.mark_price(symbol, candle.close, candle.ends)


def _is_stop(order: PaperOrder) -> bool:
    return order.stop_price is not None and not order.triggered


def _resting(view: LiveView, symbol: str) -> Iterator[PaperOrder]:
    return (order for order in resting_orders(view) if order.symbol == symbol)
