"""The embedded exchange's door: what a job asks of any broker, answered from the exchange's own file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Literal

from tradebot.brokers.paper import buying_power
from tradebot.brokers.paper.exchange import PaperExchange
from tradebot.brokers.paper.order_validation import (
    NOT_FOUND,
    UNPROCESSABLE,
    check_bracket,
    check_ids,
    check_kind,
    check_means,
    check_order,
    refusal,
)
from tradebot.brokers.paper.orders import PaperOrder, as_shown, draft_of, legs_of, number_of
from tradebot.brokers.paper.session_phases import meet_market
from tradebot.brokers.paper.sessions import hours_of
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import (
    AccountDay,
    AccountSnapshot,
    Activity,
    Asset,
    MarketClock,
    Permissions,
    Position,
    SessionHours,
)
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState
from tradebot.errors import BrokerUnavailable


class PaperBroker:
    """One account at the embedded exchange; implements ports.Broker.

    Every method is one transaction on the exchange's file. A refusal leaves no order behind. Cancels and replacements
    take effect at once. Cancelling one order of a bracket cancels what is live of it, as Alpaca does.
    """

    def __init__(self, exchange: PaperExchange) -> None:
        self._exchange = exchange

    @property
    def name(self) -> Literal["paper"]:
        return "paper"

    @property
    def mode(self) -> Literal["paper"]:
        return "paper"

    # --- reads ---------------------------------------------------------------------------------

    def clock(self) -> MarketClock:
        """The exchange's clock. Its sessions are the dates of its data: after the last one, none is upcoming."""
        return self._exchange.answer(_clock)

    def account(self) -> AccountSnapshot:
        return self._exchange.answer(buying_power.snapshot)

    def permissions(self) -> Permissions:
        with self._exchange.reading() as floor:
            return Permissions(trading=True, shorting=floor.rules.allow_short, fractions=True)

    def days(self, first: date, last: date) -> tuple[AccountDay, ...]:
        """The sessions that have closed, and the one that the exchange is in."""
        with self._exchange.reading() as floor:
            return buying_power.days(floor, first, last)

    def positions(self) -> tuple[Position, ...]:
        return self._exchange.answer(buying_power.positions)

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        """Every live order, oldest first, legs as orders of their own."""
        return self._exchange.answer(_open_orders)

    def order(self, client_order_id: str) -> BrokerOrder | None:
        """The order with this id and its legs, replaced ones left out; None when the account never had it."""
        return self.orders([client_order_id]).get(client_order_id)

    def orders(self, client_order_ids: Iterable[str]) -> Mapping[str, BrokerOrder]:
        """The orders with these ids, as ``order`` gives each."""
        with self._exchange.reading() as floor:
            found = {each: floor.store.order_by_client_id(each) for each in client_order_ids}
            return {
                each: as_shown(order, floor.store.group(order.group), with_legs=True)
                for each, order in found.items()
                if order is not None
            }

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        """Fills, cash movements and splits after the activity ``after``, in the order in which they were booked.

        Raises BrokerUnavailable for an id that this account never gave: another account's cursor finds nothing here.
        """
        return self._exchange.answer(_activities, after)

    def late_activities(self, after: str, is_known: Callable[[str], bool]) -> tuple[Activity, ...]:
        """None: activities are numbered as they are booked."""
        return ()

    def assets(self, symbols: Iterable[str]) -> Mapping[str, Asset]:
        return self._exchange.answer(_assets, tuple(symbols))

    # --- writes ----------------------------------------------------------------------------------

    def submit(self, request: OrderRequest) -> BrokerOrder:
        """Take in an order, and let it trade at once if the market is open. Raises OrderRefused."""
        with self._exchange.writing() as floor:
            draft = draft_of(request, floor.state.now)
            check_ids(floor, draft, *legs_of(request, draft))
            check_kind(floor, request)
            check_order(floor, draft)
            check_bracket(floor, request, draft)
            check_means(floor, draft)
            entry = floor.book.place(draft)
            for leg in legs_of(request, entry):
                floor.book.place(leg)
            meet_market(floor, entry)
            return _shown(floor, entry.number)

    def cancel(self, broker_order_id: str) -> None:
        """Cancel an order and what is live of its bracket. Raises OrderRefused when it is unknown or over."""
        with self._exchange.writing() as floor:
            floor.book.end(_live(floor, broker_order_id), OrderState.CANCELLED, "cancelled on request")

    def cancel_all(self) -> None:
        """Cancel every live order."""
        with self._exchange.writing() as floor:
            for order in floor.book.live():
                if floor.book.orders[order.number].live:
                    floor.book.end(order, OrderState.CANCELLED, "cancelled on request")

    def replace(self, broker_order_id: str, request: OrderRequest) -> BrokerOrder:
        """Put an order of the same kind in the place of a resting one; what has filled of that one stays its own.

        ``request.quantity`` is what shall rest from now on. A leg stays a leg of its bracket. Raises OrderRefused, and
        the old order rests on, when the new one is not acceptable.
        """
        with self._exchange.writing() as floor:
            old = _live(floor, broker_order_id)
            _check_replaceable(floor, old, request)
            draft = replace(draft_of(request, floor.state.now), parent=old.parent, role=old.role, waiting=old.waiting)
            check_ids(floor, draft)
            check_kind(floor, request)
            check_order(floor, draft)
            if draft.working:
                check_means(floor, draft, besides=old.group)
            reason = f"replaced by {request.client_order_id}"
            floor.book.put(replace(old, state=OrderState.REPLACED, reason=reason))
            new = floor.book.place(draft)
            meet_market(floor, new)
            return _shown(floor, new.number)


def _clock(floor: ExchangeView) -> MarketClock:
    prices, today = floor.store.prices, floor.hours
    previous = prices.session_before(today.session)
    upcoming = prices.session_after(today.session)
    return MarketClock(
        now=floor.state.now,
        is_open=today.opens <= floor.state.now < today.closes,
        today=today,
        previous=None if previous is None else _hours(floor, previous),
        upcoming=None if upcoming is None else _hours(floor, upcoming),
    )


def _open_orders(floor: ExchangeView) -> tuple[BrokerOrder, ...]:
    return tuple(as_shown(order, floor.book.bracket(order)) for order in floor.book.live())


def _activities(floor: ExchangeView, after: str | None) -> tuple[Activity, ...]:
    number = 0 if after is None else number_of(after, "A")
    if number is None or number > floor.store.newest_activity():
        raise BrokerUnavailable(
            f"the embedded exchange's account {floor.state.account_id} has no activity {after}. The ledger has "
            "read another account or a later copy of this one; put the matching file back, or run "
            "`tradebot paper reset`."
        )
    return floor.store.activities(number)


def _assets(floor: ExchangeView, symbols: Iterable[str]) -> Mapping[str, Asset]:
    known = {symbol: floor.asset(symbol) for symbol in symbols}
    return {symbol: asset for symbol, asset in known.items() if asset is not None}


def _live(floor: ExchangeView, broker_order_id: str) -> PaperOrder:
    number = number_of(broker_order_id, "O")
    order = None if number is None else floor.store.order(number)
    if order is None:
        raise refusal(NOT_FOUND, "order not found", broker_order_id)
    if not order.live:
        raise refusal(UNPROCESSABLE, f'order is already in "{order.state}" state', order.client_order_id)
    return order


def _check_replaceable(floor: ExchangeView, old: PaperOrder, request: OrderRequest) -> None:
    if (request.symbol, request.side, request.type) != (old.symbol, old.side, old.type):
        detail = f"{request.side} {request.type} {request.symbol} for {old.side} {old.type} {old.symbol}"
        raise refusal(UNPROCESSABLE, "a replacement must keep symbol, side and type", detail)
    has_legs = any(other.parent == old.number for other in floor.book.group(old))
    if has_legs or request.take_profit is not None or request.stop_loss is not None:
        words = "the entry of a bracket can't be replaced; cancel it and send another"
        raise refusal(UNPROCESSABLE, words, old.client_order_id)


def _shown(floor: ExchangeView, number: int) -> BrokerOrder:
    order = floor.book.orders[number]
    return as_shown(order, floor.book.bracket(order), with_legs=True)


def _hours(floor: ExchangeView, session: date) -> SessionHours:
    return hours_of(session, floor.calendar)
