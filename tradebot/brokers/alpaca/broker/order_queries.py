"""Queries of the account's orders in as few requests as possible, with the entry of each leg."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from tradebot.brokers.alpaca.broker.order_groups import OrderGroups, OrderSender
from tradebot.brokers.alpaca.broker.order_parsing import AlpacaOrder, parse_order, submitted_at
from tradebot.brokers.alpaca.broker.order_payloads import order_path
from tradebot.brokers.alpaca.json_fields import Fields, json_list
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.json_cache import JsonCache
from tradebot.core.model.orders import BrokerOrder, OrderState
from tradebot.errors import BrokerUnavailable, OrderRefused

#: Orders in one page, the most that the server gives.
PAGE_SIZE = 500
#: The most symbols that a listing is filtered by; with more the URL would become too long, so all orders are listed.
MAX_SYMBOLS = 100
#: The most replacements of one order that are followed; each raise of a trailing stop is one.
_MAX_REPLACEMENTS = 500

_STEP = timedelta(microseconds=1)  # more than is lost when a time in nanoseconds is truncated
_LOG = logging.getLogger(__name__)


class OrderQueries:
    """The orders of one account. Every method raises BrokerUnavailable for an answer that is not complete."""

    def __init__(self, api: Api, cache: JsonCache) -> None:
        self._api = api
        self._cache = cache
        self._groups = OrderGroups(cache.load())

    # --- orders ----------------------------------------------------------------------------------

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        """Every live order, oldest first, legs as orders of their own.

        A stop that is held behind a target may be missing among the open orders
        (https://github.com/alpacahq/alpaca-trade-api-python/issues/322); it is then read from its group.
        """
        orders = {order.id: order for page in self._pages(status="open", nested="false") for order in page}
        if self._is_incomplete(orders):
            self._complete_groups(orders)
        live = [order for order in orders.values() if order.order.state.live]
        self._cache.save(self._groups.to_cache(live))
        for order in live:
            if order.order.state is OrderState.UNKNOWN:
                _LOG.warning("order %s: %s; it counts as live", order.order.client_order_id, order.order.reason)
        live.sort(key=lambda order: order.order.submitted_at)
        return tuple(self._groups.with_group(order) for order in live)

    def by_client_id(self, client_order_id: str) -> BrokerOrder | None:
        """The order with this id and its legs; None when the broker says that there is none."""
        raw = self._api.read_or_none("/v2/orders:by_client_order_id", {"client_order_id": client_order_id})
        order = None if raw is None else parse_order(raw)
        if order is None:
            return None
        self._groups.add(order)
        if order.grouped and not order.legs and not self._groups.is_leg(order):  # this answer may lack the legs
            order = self._fetch(order.id) or order
            self._groups.add(order)
        self._find_group(order)
        return self._with_legs(order)

    def by_client_ids(self, client_order_ids: Iterable[str]) -> Mapping[str, BrokerOrder]:
        """The orders with these ids, as ``by_client_id``; those on the newest page take one request together."""
        wanted = dict.fromkeys(client_order_ids)
        if len(wanted) < 2:
            found = {identifier: self.by_client_id(identifier) for identifier in wanted}
            return {identifier: order for identifier, order in found.items() if order is not None}
        newest_page = next(self._pages(status="all", nested="true"), ())
        for head in newest_page:
            self._groups.add(head)
        listed = {order.order.client_order_id: order for head in newest_page for order in (head, *head.legs)}
        orders = {}
        for identifier in wanted:
            if identifier in listed:
                self._find_group(listed[identifier])
                orders[identifier] = self._with_legs(listed[identifier])
            elif (order := self.by_client_id(identifier)) is not None:
                orders[identifier] = order
        return orders

    def client_order_ids(self) -> frozenset[str]:
        """The client_order_id of every listed order, whatever its state, legs included."""
        heads = (head for page in self._pages(status="all", nested="true") for head in page)
        return frozenset(order.order.client_order_id for head in heads for order in (head, *head.legs))

    def by_id(self, broker_order_id: str) -> BrokerOrder | None:
        """The order with the broker's id, without its legs; None when the broker says that there is none."""
        order = self._fetch(broker_order_id)
        if order is None:
            return None
        self._groups.add(order)
        self._find_group(order)
        return self._groups.with_group(order)

    def accepted(self, order: AlpacaOrder, replaced_id: str | None = None) -> BrokerOrder:
        """The order of the response to a submission, or to the replacement of the order ``replaced_id``."""
        if replaced_id is not None:
            self._groups.add_replacement(order, replaced_id)
        self._groups.add(order)
        return self._with_legs(order)

    def senders(self, symbols: Mapping[str, str]) -> Mapping[str, OrderSender]:
        """Who sent the orders with these broker's ids, each given with its symbol.

        Absent are orders that the broker does not show, and those whose group it does not show. Orders that this object
        has returned before take no request.
        """
        unknown = {identifier: symbol for identifier, symbol in symbols.items() if not self._groups.sender(identifier)}
        if unknown:
            self._fetch_senders(unknown)
        senders = {identifier: self._groups.sender(identifier) for identifier in symbols}
        return {identifier: sender for identifier, sender in senders.items() if sender is not None}

    def _fetch_senders(self, wanted: dict[str, str]) -> None:
        """Read orders by their ids, each given with its symbol, and note their senders."""
        for page in self._pages(status="all", nested="true", symbols=_symbol_filter(wanted.values())):
            for head in page:
                self._groups.add(head)
            for order in (order for head in page for order in (head, *head.legs) if order.id in wanted):
                del wanted[order.id]
                self._find_group(order)
                self._groups.with_group(order)
            if not wanted:
                return
        for identifier in wanted:  # a replaced order may be in no listing
            if (replaced := self._fetch(identifier)) is not None:
                self._find_group(replaced)
                self._groups.with_group(replaced)

    # --- groups ----------------------------------------------------------------------------------

    def _is_incomplete(self, orders: Mapping[str, AlpacaOrder]) -> bool:
        """Whether the group of an order is not known, or a live leg is missing. One order may resolve another."""
        resolved = [self._groups.resolve(order) for order in orders.values()]
        return not all(resolved) or self._groups.lacks_live_legs(orders.values())

    def _complete_groups(self, orders: dict[str, AlpacaOrder]) -> None:
        """Find the groups of the orders, and add the live legs that are missing among them."""
        symbols = _symbol_filter(order.order.symbol for order in orders.values() if order.grouped)
        for page in self._pages(status="all", nested="true", symbols=symbols):
            for head in page:
                self._groups.add(head)
                if head.id in orders or any(leg.id in orders for leg in head.legs):
                    orders |= {leg.id: leg for leg in head.legs if leg.order.state.live and leg.id not in orders}
            if not self._is_incomplete(orders):
                return
        for order in tuple(orders.values()):
            self._resolve_by_replacements(order)

    def _find_group(self, order: AlpacaOrder) -> None:
        """Find the group of an order, with requests if need be."""
        if not self._groups.resolve(order):
            self._complete_groups({order.id: order})

    def _resolve_by_replacements(self, order: AlpacaOrder) -> None:
        """Follow the orders that an order replaces until one is known. If none is, the next query tries again."""
        chain = [order]
        while not self._groups.resolve(chain[-1]) and len(chain) < _MAX_REPLACEMENTS:
            replaces = chain[-1].replaces
            older = None if replaces is None else self._fetch(replaces)
            if older is None:
                break
            chain.append(older)
        if not self._groups.resolve(chain[-1]):
            _LOG.warning("order %s belongs to a group of which nothing else is known", order.id)
        for newer in reversed(chain):
            self._groups.resolve(newer)

    def _with_legs(self, order: AlpacaOrder) -> BrokerOrder:
        """The order with its legs. A replaced leg is left out, and the order that replaced it is added."""
        legs = {leg.id: leg for leg in order.legs}
        for leg in order.legs:
            newest = leg
            while newest.replaced_by and newest.replaced_by not in legs and len(legs) < _MAX_REPLACEMENTS:
                newer = self._fetch(newest.replaced_by)
                if newer is None:
                    break
                self._groups.add_replacement(newer, newest.id)
                legs[newer.id] = newest = newer
        return self._groups.with_group(order, [leg for leg in legs.values() if not leg.is_replaced])

    # --- requests --------------------------------------------------------------------------------

    def _pages(self, symbols: str | None = None, **filters: str) -> Iterator[tuple[AlpacaOrder, ...]]:
        """The pages of GET /v2/orders, newest order first, each order once.

        Pages overlap by the orders of one instant, because several orders may share a submission time.
        """
        params = {**filters, "limit": str(PAGE_SIZE), "direction": "desc"} | ({"symbols": symbols} if symbols else {})
        seen: set[str] = set()
        while True:
            page = json_list(self._api.read("/v2/orders", params), "orders")
            yield tuple(order for order in map(parse_order, page) if order is not None and order.id not in seen)
            if len(page) < PAGE_SIZE:
                return
            new = {Fields(raw, "an order").text("id") for raw in page} - seen
            if not new:
                raise BrokerUnavailable("Alpaca lists more orders of one instant than fit on a page; try again later.")
            seen |= new
            until = min(submitted_at(Fields(raw, "an order")) for raw in page) + _STEP
            params = params | {"until": until.isoformat().replace("+00:00", "Z")}

    def _fetch(self, broker_order_id: str) -> AlpacaOrder | None:
        """The order with its legs; None when the broker says that there is none."""
        try:
            raw = self._api.read_or_none(order_path(broker_order_id), {"nested": "true"})
        except OrderRefused as refused:
            raise BrokerUnavailable(f"Alpaca names an order {broker_order_id!r}, which is none: {refused}") from refused
        return None if raw is None else parse_order(raw)


def _symbol_filter(symbols: Iterable[str]) -> str | None:
    """The symbols as a parameter of the listing; None when there are too many."""
    distinct = sorted(set(symbols))
    return ",".join(distinct) if len(distinct) <= MAX_SYMBOLS else None
