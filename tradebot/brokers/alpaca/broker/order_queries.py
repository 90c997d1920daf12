"""Looking into the account's list of orders in as few requests as possible, and finding out who belongs to whom."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from tradebot.brokers.alpaca.broker.cache import Memory
from tradebot.brokers.alpaca.broker.order_groups import OrderGroups, OrderSender
from tradebot.brokers.alpaca.broker.order_parsing import AlpacaOrder, seen, submitted_at
from tradebot.brokers.alpaca.broker.order_payloads import path_of
from tradebot.brokers.alpaca.json_fields import Fields, rows
from tradebot.brokers.http.api import Api
from tradebot.core.model.orders import BrokerOrder, OrderState
from tradebot.errors import BrokerUnavailable, OrderRefused

#: Orders in one page, the most that the server gives.
PAGE = 500
#: Symbols that a listing is narrowed down to; for more of them it is read whole, lest the URL grow too long.
NARROWED_TO = 100
#: How many replacements of one order are followed; each raise of a trailing stop is one.
_LONGEST_CHAIN = 500

_STEP = timedelta(microseconds=1)  # what is cut off of a time of nanoseconds is less
_LOG = logging.getLogger(__name__)


class Listing:
    """The orders of one account as its broker lists them. Raises BrokerUnavailable for what cannot be read whole."""

    def __init__(self, api: Api, memory: Memory) -> None:
        self._api = api
        self._memory = memory
        self._families = OrderGroups(memory.recall())

    # --- reading ---------------------------------------------------------------------------------

    def open(self) -> tuple[BrokerOrder, ...]:
        """Every live order, oldest first, legs as orders of their own.

        A stop that is held behind a target has been seen to be missing among open orders
        (https://github.com/alpacahq/alpaca-trade-api-python/issues/322), so that it is looked for in its family.
        """
        found = {order.id: order for page in self._pages(status="open", nested="false") for order in page}
        if self._tells_too_little(found):
            self._look_into_families(found)
        live = [order for order in found.values() if order.order.state.live]
        self._memory.keep(self._families.living(live))
        for order in live:
            if order.order.state is OrderState.UNKNOWN:
                _LOG.warning("order %s: %s; it counts as live", order.order.client_order_id, order.order.reason)
        live.sort(key=lambda order: order.order.submitted_at)
        return tuple(self._families.introduced(order) for order in live)

    def by_client_id(self, client_order_id: str) -> BrokerOrder | None:
        """The order with this id and its legs, or None when there surely is none."""
        raw = self._api.read_or_none("/v2/orders:by_client_order_id", {"client_order_id": client_order_id})
        found = None if raw is None else seen(raw)
        if found is None:
            return None
        self._families.meet(found)
        if found.grouped and not found.legs and not self._families.is_leg(found):  # this answer may lack them
            found = self._one(found.id) or found
            self._families.meet(found)
        self._acquaint(found)
        return self._with_legs(found)

    def by_client_ids(self, client_order_ids: Iterable[str]) -> Mapping[str, BrokerOrder]:
        """The orders with these ids, as ``by_client_id`` gives each: those on the newest page in one request."""
        wanted = dict.fromkeys(client_order_ids)
        if len(wanted) < 2:
            found = {identifier: self.by_client_id(identifier) for identifier in wanted}
            return {identifier: order for identifier, order in found.items() if order is not None}
        newest = next(self._pages(status="all", nested="true"), ())
        for head in newest:
            self._families.meet(head)
        listed = {order.order.client_order_id: order for head in newest for order in (head, *head.legs)}
        told = {}
        for identifier in wanted:
            if identifier in listed:
                self._acquaint(listed[identifier])
                told[identifier] = self._with_legs(listed[identifier])
            elif (order := self.by_client_id(identifier)) is not None:
                told[identifier] = order
        return told

    def by_id(self, broker_order_id: str) -> BrokerOrder | None:
        """The order that the broker knows by this id, without its legs; None when there surely is none."""
        found = self._one(broker_order_id)
        if found is None:
            return None
        self._families.meet(found)
        self._acquaint(found)
        return self._families.introduced(found)

    def taken_in(self, order: AlpacaOrder, in_place_of: str | None = None) -> BrokerOrder:
        """The order that the server answered a writing request with."""
        if in_place_of is not None:
            self._families.succeed(order, in_place_of)
        self._families.meet(order)
        return self._with_legs(order)

    def senders(self, symbols: Mapping[str, str]) -> Mapping[str, OrderSender]:
        """Who sent the orders with these ids of the broker's, each given with its symbol.

        Absent are those that it does not show, and those whose family it does not. Of orders that were shown here
        before nothing is asked.
        """
        wanted = {
            identifier: symbol for identifier, symbol in symbols.items() if not self._families.sender_of(identifier)
        }
        if wanted:
            self._meet(wanted)
        found = {identifier: self._families.sender_of(identifier) for identifier in symbols}
        return {identifier: sender for identifier, sender in found.items() if sender is not None}

    def _meet(self, wanted: dict[str, str]) -> None:
        """Look at orders by their ids, each given with its symbol."""
        for page in self._pages(status="all", nested="true", symbols=_narrowed(wanted.values())):
            for head in page:
                self._families.meet(head)
            for order in (order for head in page for order in (head, *head.legs) if order.id in wanted):
                del wanted[order.id]
                self._acquaint(order)
                self._families.introduced(order)
            if not wanted:
                return
        for identifier in wanted:  # one that was replaced may be in no listing
            if (replaced := self._one(identifier)) is not None:
                self._acquaint(replaced)
                self._families.introduced(replaced)

    # --- who belongs to whom -----------------------------------------------------------------------

    def _tells_too_little(self, found: Mapping[str, AlpacaOrder]) -> bool:
        known = [self._families.knows(order) for order in found.values()]  # of all of them: each may tell of another
        return not all(known) or self._families.absent_legs(found.values())

    def _look_into_families(self, found: dict[str, AlpacaOrder]) -> None:
        """Find out whose legs the listed orders are, and add the living legs that were not listed with them."""
        symbols = _narrowed(order.order.symbol for order in found.values() if order.grouped)
        for page in self._pages(status="all", nested="true", symbols=symbols):
            for head in page:
                self._families.meet(head)
                if head.id in found or any(leg.id in found for leg in head.legs):
                    found |= {leg.id: leg for leg in head.legs if leg.order.state.live and leg.id not in found}
            if not self._tells_too_little(found):
                return
        for order in tuple(found.values()):
            self._trace(order)

    def _acquaint(self, order: AlpacaOrder) -> None:
        """Find out whose leg an order is."""
        if not self._families.knows(order):
            self._look_into_families({order.id: order})

    def _trace(self, order: AlpacaOrder) -> None:
        """Find out whose leg an order is by what it replaces. If nothing tells, the next look asks again."""
        chain = [order]
        while not self._families.knows(chain[-1]) and len(chain) < _LONGEST_CHAIN:
            replaces = chain[-1].replaces
            before = None if replaces is None else self._one(replaces)
            if before is None:
                break
            chain.append(before)
        if not self._families.knows(chain[-1]):
            _LOG.warning("order %s belongs to a group of which nothing else is known", order.id)
        for newer in reversed(chain):
            self._families.knows(newer)

    def _with_legs(self, order: AlpacaOrder) -> BrokerOrder:
        """The order with its legs; in the place of a replaced one the order that took its place."""
        legs = {leg.id: leg for leg in order.legs}
        for leg in order.legs:
            newest = leg
            while newest.replaced_by and newest.replaced_by not in legs and len(legs) < _LONGEST_CHAIN:
                following = self._one(newest.replaced_by)
                if following is None:
                    break
                self._families.succeed(following, newest.id)
                legs[following.id] = newest = following
        return self._families.introduced(order, [leg for leg in legs.values() if not leg.is_replaced])

    # --- requests ----------------------------------------------------------------------------------

    def _pages(self, symbols: str | None = None, **terms: str) -> Iterator[tuple[AlpacaOrder, ...]]:
        """The list of orders, newest first, a page at a time, each order once.

        Pages overlap by the orders of one instant, so that none sent at the same time as another is left out.
        """
        params = {**terms, "limit": str(PAGE), "direction": "desc"} | ({"symbols": symbols} if symbols else {})
        met: set[str] = set()
        while True:
            raw = rows(self._api.read("/v2/orders", params), "orders")
            yield tuple(order for order in map(seen, raw) if order is not None and order.id not in met)
            if len(raw) < PAGE:
                return
            news = {Fields(order, "an order").text("id") for order in raw} - met
            if not news:
                raise BrokerUnavailable("Alpaca lists more orders of one instant than fit on a page; try again later.")
            met |= news
            until = min(submitted_at(Fields(order, "an order")) for order in raw) + _STEP
            params = params | {"until": until.isoformat().replace("+00:00", "Z")}

    def _one(self, broker_order_id: str) -> AlpacaOrder | None:
        try:
            raw = self._api.read_or_none(path_of(broker_order_id), {"nested": "true"})
        except OrderRefused as refused:
            raise BrokerUnavailable(f"Alpaca names an order {broker_order_id!r}, which is none: {refused}") from refused
        return None if raw is None else seen(raw)


def _narrowed(symbols: Iterable[str]) -> str | None:
    """Symbols as the listing takes them; None where there are too many."""
    different = sorted(set(symbols))
    return ",".join(different) if len(different) <= NARROWED_TO else None
