"""The embedded exchange's implementation of ports.Broker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Literal

from tradebot.brokers.paper import buying_power
from tradebot.brokers.paper.exchange_file import ExchangeFile
from tradebot.brokers.paper.order_matching import match_at_market
from tradebot.brokers.paper.order_validation import (
    NOT_FOUND,
    UNPROCESSABLE,
    check_available,
    check_bracket,
    check_capabilities,
    check_ids,
    check_kind,
    check_order,
    refusal,
)
from tradebot.brokers.paper.orders import PaperOrder, as_broker_order, bracket_legs, draft_order, parse_number
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import (
    AccountDay,
    AccountSnapshot,
    Activity,
    Asset,
    MarketClock,
    Permissions,
    Position,
    UnreadActivity,
)
from tradebot.core.model.capabilities import Capabilities
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState
from tradebot.errors import BrokerUnavailable


class PaperBroker:
    """One account at the embedded exchange; implements ports.Broker.

    Every method is one transaction on the exchange's file, and raises BrokerUnavailable when the file cannot be used. A
    refused order leaves no trace. Cancels and replacements take effect at once. A cancel of one order of a bracket
    cancels every live order of it, as at Alpaca.
    """

    def __init__(self, exchange: ExchangeFile) -> None:
        self._exchange = exchange

    @property
    def name(self) -> str:
        """The broker's name in the settings and in account keys."""
        return "paper"

    @property
    def mode(self) -> Literal["paper"]:
        """Always ``paper``."""
        return "paper"

    @property
    def capabilities(self) -> Capabilities:
        """What the rules of the account allow: everything, unless they say otherwise."""
        return self._exchange.rules.capabilities

    # --- reads ---------------------------------------------------------------------------------

    def clock(self) -> MarketClock:
        """The exchange's time and the sessions around it."""
        return self._exchange.clock()

    def account(self) -> AccountSnapshot:
        """Equity, cash and buying power, USD."""
        return self._exchange.compute(buying_power.snapshot)

    def permissions(self) -> Permissions:
        """What the rules of the account allow."""
        with self._exchange.reading() as view:
            return Permissions(True, shorting=view.rules.allow_short, fractions=view.rules.capabilities.fractions)

    def days(self, first: date, last: date) -> tuple[AccountDay, ...]:
        """Equity and deposits of the closed sessions and the current one."""
        with self._exchange.reading() as view:
            return buying_power.days(view, first, last)

    def positions(self) -> tuple[Position, ...]:
        """Every position that is not flat, by symbol."""
        return self._exchange.compute(buying_power.shown_positions)

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        """Every live order, oldest first, legs as orders of their own."""
        return self._exchange.compute(_open_orders)

    def order(self, client_order_id: str) -> BrokerOrder | None:
        """The order with this id and its legs, without replaced ones; None for an id that the account never had."""
        return self.orders([client_order_id]).get(client_order_id)

    def orders(self, client_order_ids: Iterable[str]) -> Mapping[str, BrokerOrder]:
        """The orders with these ids, as ``order`` returns them."""
        with self._exchange.reading() as view:
            orders = {each: view.store.order_by_client_id(each) for each in client_order_ids}
            return {
                each: as_broker_order(order, view.store.group(order.group), with_legs=True)
                for each, order in orders.items()
                if order is not None
            }

    def client_order_ids(self) -> frozenset[str]:
        """The client_order_id of every order that the account ever had."""
        with self._exchange.reading() as view:
            return view.store.client_order_ids()

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        """Fills, cash movements and splits after the activity ``after``, in the order of booking.

        Raises BrokerUnavailable for an id that this account never gave: the cursor is another account's.
        """
        return self._exchange.compute(_activities, after)

    def late_activities(self, after: str, is_known: Callable[[str], bool]) -> tuple[Activity, ...]:
        """None, because activities are numbered in the order of booking."""
        return ()

    def unread_activities(self) -> tuple[UnreadActivity, ...]:
        """None, because the exchange knows every kind of its activities."""
        return ()

    def assets(self, symbols: Iterable[str]) -> Mapping[str, Asset]:
        """The assets with these symbols; unknown symbols, and those not listed yet, are absent."""
        return self._exchange.compute(_assets, tuple(symbols))

    # --- writes ----------------------------------------------------------------------------------

    def wait_to_send(self) -> None:
        """Do not wait: the embedded exchange has no rate limit."""

    def submit(self, request: OrderRequest) -> BrokerOrder:
        """Accept an order, and match it at once if the market is open. Raises OrderRefused or AlreadySent."""
        self._exchange.look_at(request.symbol)
        with self._exchange.writing() as view:
            check_capabilities(view, request)
            draft = draft_order(request, view.state.now)
            check_ids(view, draft, *bracket_legs(request, draft))
            check_kind(view, request)
            check_order(view, draft)
            check_bracket(view, request, draft)
            check_available(view, draft)
            entry = view.book.add(draft)
            for leg in bracket_legs(request, entry):
                view.book.add(leg)
            match_at_market(view, entry)
            return _broker_order(view, entry.number)

    def cancel(self, broker_order_id: str) -> None:
        """Cancel an order and the live orders of its bracket. Raises OrderRefused if it is unknown or terminal."""
        with self._exchange.writing() as view:
            view.book.end(_live_order(view, broker_order_id), OrderState.CANCELLED, "cancelled on request")

    def cancel_all(self) -> None:
        """Cancel every live order. Raises OrderRefused where the exchange has no such request."""
        with self._exchange.writing() as view:
            if not view.rules.capabilities.cancel_all:
                raise refusal(UNPROCESSABLE, "no request cancels all orders")
            for order in view.book.live_orders():
                if view.book.orders[order.number].live:
                    view.book.end(order, OrderState.CANCELLED, "cancelled on request")

    def replace(self, broker_order_id: str, request: OrderRequest) -> BrokerOrder:
        """Replace a resting order by one with the same symbol, side and type. Its fills stay with the old order.

        ``request.quantity`` is the quantity that rests from now on. A leg stays a leg of its bracket. Raises
        OrderRefused or AlreadySent, and then the old order rests on.
        """
        self._exchange.look_at(request.symbol)
        with self._exchange.writing() as view:
            if not view.rules.capabilities.replace:
                raise refusal(UNPROCESSABLE, "orders can't be replaced", broker_order_id)
            old = _live_order(view, broker_order_id)
            _check_replaceable(view, old, request)
            draft = replace(draft_order(request, view.state.now), parent=old.parent, role=old.role, waiting=old.waiting)
            check_ids(view, draft)
            check_kind(view, request)
            check_order(view, draft)
            if draft.working:
                check_available(view, draft, besides=old.group)
            reason = f"replaced by {request.client_order_id}"
            view.book.update(replace(old, state=OrderState.REPLACED, reason=reason))
            new = view.book.add(draft)
            match_at_market(view, new)
            return _broker_order(view, new.number)


def _open_orders(view: ExchangeView) -> tuple[BrokerOrder, ...]:
    return tuple(as_broker_order(order, view.book.bracket(order)) for order in view.book.live_orders())


def _activities(view: ExchangeView, after: str | None) -> tuple[Activity, ...]:
    number = 0 if after is None else parse_number(after, "A")
    if number is None or number > view.store.newest_activity():
        raise BrokerUnavailable(
            f"the embedded exchange's account {view.state.account_id} has no activity {after}. The ledger has "
            "read another account or a later copy of this one; put the matching file back, or run "
            "`tradebot paper reset`."
        )
    return view.store.activities(number)


def _assets(view: ExchangeView, symbols: Iterable[str]) -> Mapping[str, Asset]:
    known = {symbol: view.asset(symbol) for symbol in symbols}
    return {symbol: asset for symbol, asset in known.items() if asset is not None}


def _live_order(view: ExchangeView, broker_order_id: str) -> PaperOrder:
    number = parse_number(broker_order_id, "O")
    order = None if number is None else view.store.order(number)
    if order is None:
        raise refusal(NOT_FOUND, "order not found", broker_order_id)
    if not order.live:
        raise refusal(UNPROCESSABLE, f'order is already in "{order.state}" state', order.client_order_id)
    return order


def _check_replaceable(view: ExchangeView, old: PaperOrder, request: OrderRequest) -> None:
    if (request.symbol, request.side, request.type) != (old.symbol, old.side, old.type):
        detail = f"{request.side} {request.type} {request.symbol} for {old.side} {old.type} {old.symbol}"
        raise refusal(UNPROCESSABLE, "a replacement must keep symbol, side and type", detail)
    has_legs = any(other.parent == old.number for other in view.book.live_group(old))
    if has_legs or request.take_profit is not None or request.stop_loss is not None:
        words = "the entry of a bracket can't be replaced; cancel it and send another"
        raise refusal(UNPROCESSABLE, words, old.client_order_id)


def _broker_order(view: ExchangeView, number: int) -> BrokerOrder:
    order = view.book.orders[number]
    return as_broker_order(order, view.book.bracket(order), with_legs=True)
