"""Queries of the account's orders, in few requests, with the ids that we gave them.

Lists may lag, and no order is found by its ``ref_id``. An order that this account has shown once is read by Robinhood's
own id; the ids of the newest orders are kept for the next command.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from tradebot.brokers.http.api import Api
from tradebot.brokers.http.json_cache import JsonCache
from tradebot.brokers.http.responses import Json
from tradebot.brokers.robinhood import addresses
from tradebot.brokers.robinhood.broker.order_parsing import OrderRow, parse_order_row
from tradebot.brokers.robinhood.broker.sent_ids import CLOCKS_DIFFER, SentIds
from tradebot.brokers.robinhood.instruments import InstrumentBook
from tradebot.brokers.robinhood.pages import PAGE_SIZE, read_pages
from tradebot.core.model.exchange_time import start_of_day
from tradebot.core.model.order_ids import parse
from tradebot.core.model.orders import BrokerOrder, OrderState

#: Up to this many orders whose ids at Robinhood are known are read one by one; for more, the open ones are listed.
_MAX_SINGLE_READS = 2
#: Ids of the newest orders that are kept for the next command.
_MAX_KEPT = 500

_LOG = logging.getLogger(__name__)


class OrderQueries:
    """The orders of one account. Every method raises BrokerUnavailable for an answer that is not complete."""

    def __init__(self, api: Api, account: str, instruments: InstrumentBook, ids: SentIds, cache: JsonCache) -> None:
        self._api = api
        self._account = account
        self._instruments = instruments
        self._ids = ids
        self._cache = cache
        self._broker_ids: dict[str, list[str]] | None = None  # by client_order_id
        self._last_pages = 0  # of the list that was read last
        self._live: set[str] = set()  # ids at Robinhood of the orders that this command has seen live
        self._read: dict[str, OrderRow] = {}  # orders that this command has read one by one, by their ids

    # --- orders ----------------------------------------------------------------------------------

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        """Every live order, oldest first. One that this command has seen live, and no list shows, is read by itself."""
        rows = self._open_rows()
        for identifier in self._live - rows.keys():
            if (row := self._fetch(identifier)) is not None:
                rows[identifier] = row
        orders = self._orders(rows.values())
        live = sorted((order for order in orders if order.state.live), key=lambda order: order.submitted_at)
        for order in live:
            if order.state is OrderState.UNKNOWN:
                _LOG.warning("order %s: %s; it counts as live", order.broker_order_id, order.reason)
        self._save()
        return tuple(live)

    def by_client_ids(self, client_order_ids: Iterable[str]) -> Mapping[str, BrokerOrder]:
        """The orders with these ids; ids without an order are absent. Of several orders of one id, one is told."""
        wanted = list(dict.fromkeys(client_order_ids))
        self._ids.note(wanted)
        known = self._known()
        found: list[BrokerOrder] = []
        if len(wanted) > _MAX_SINGLE_READS or any(identifier not in known for identifier in wanted):
            found += self._orders(self._open_rows().values())
        listed = {order.client_order_id for order in found}
        found += self._orders(self._fetch_known([each for each in wanted if each not in listed]))
        shown = {order.client_order_id for order in found}
        if missing := [identifier for identifier in wanted if identifier not in shown]:
            found += self._orders(self.rows_since(self._sent_since(missing)))
        return _by_id(order for order in found if order.client_order_id in wanted)

    def client_order_ids(self) -> frozenset[str]:
        """The client_order_id of every order of ours that Robinhood lists, whatever its state."""
        return frozenset(filter(None, (order.client_order_id for order in self._orders(self.rows_since(None)))))

    def by_broker_id(self, broker_order_id: str) -> BrokerOrder | None:
        """The order with Robinhood's id; None when Robinhood says that there is none."""
        row = self._fetch(broker_order_id)
        return None if row is None else self._orders([row])[0]

    def accepted(self, content: Json, client_order_id: str, symbol: str) -> BrokerOrder:
        """The order of an answer to what was sent. Raises BrokerUnavailable for one that cannot be read."""
        row = parse_order_row(content)
        self._ids.learn(row.id, client_order_id)
        self._remember(row.id, client_order_id)
        if row.state.live:
            self._live.add(row.id)
        return row.order(symbol, client_order_id)

    # --- rows ------------------------------------------------------------------------------------

    def rows_since(self, since: datetime | None) -> list[OrderRow]:
        """Every order that was changed since then, newest first; all of them for None.

        One that this command has read by itself, and that the list does not have yet, is among them.
        """
        filters = {} if since is None else {"updated_at[gte]": since.isoformat().replace("+00:00", "Z")}
        listed = self._rows(filters)
        read = (row for row in self._read.values() if since is None or row.updated_at >= since)
        return [*(row for row in read if row.id not in listed), *listed.values()]

    def with_ids(self, rows: Sequence[OrderRow], *, of_today: bool = False) -> Mapping[str, tuple[str, str]]:
        """The symbol and the client_order_id of each row, by Robinhood's id of the order.

        ``of_today``: the symbol is today's, else that of the newest reading.
        """
        if not rows:
            return {}
        self._known()  # what earlier answers told comes before what terms and times suggest
        instruments = self._instruments.by_id((row.instrument_id for row in rows), of_today=of_today)
        symbols = {
            row.instrument_id: instruments[row.instrument_id].symbol
            if row.instrument_id in instruments
            else row.instrument_id
            for row in rows
        }
        ids = self._ids.resolve(rows, symbols)
        for row in rows:
            if ids[row.id]:
                self._remember(row.id, ids[row.id])
        return {row.id: (symbols[row.instrument_id], ids[row.id]) for row in rows}

    def _orders(self, rows: Iterable[OrderRow]) -> list[BrokerOrder]:
        listed = list(rows)
        named = self.with_ids(listed)
        self._live |= {row.id for row in listed if row.state.live}
        self._live -= {row.id for row in listed if not row.state.live}
        return [row.order(*named[row.id]) for row in listed]

    def _open_rows(self) -> dict[str, OrderRow]:
        """The orders that Robinhood lists as open.

        A list of several pages is read twice: an order that ends between two pages moves the others up, and one of them
        into a page that was read before.
        """
        rows = self._rows({"is_closed": "false"})
        return rows | self._rows({"is_closed": "false"}) if self._last_pages > 1 else rows

    def _rows(self, filters: Mapping[str, str]) -> dict[str, OrderRow]:
        """The account's orders by id, in the order of the list."""
        params = {"account_numbers": self._account, "page_size": PAGE_SIZE, **filters}
        rows: dict[str, OrderRow] = {}
        self._last_pages = 0
        for page in read_pages(self._api, addresses.ORDERS, params, "orders"):
            self._last_pages += 1
            for row in map(parse_order_row, page):
                if row.account in (None, self._account):
                    rows.setdefault(row.id, row)
        return rows

    def _fetch_known(self, client_order_ids: Iterable[str]) -> Iterator[OrderRow]:
        """The orders of ids whose id at Robinhood is known, read one by one."""
        known = self._known()
        for identifier in client_order_ids:
            for broker_order_id in known.get(identifier, ()):
                if (row := self._fetch(broker_order_id)) is not None:
                    yield row

    def _fetch(self, broker_order_id: str) -> OrderRow | None:
        raw = self._api.read_or_none(addresses.order(broker_order_id))
        if raw is None:
            return None
        row = self._read[broker_order_id] = parse_order_row(raw)
        return row

    def _sent_since(self, client_order_ids: Iterable[str]) -> datetime | None:
        """From when on orders must be listed to find these ids; None for all."""
        moments: list[datetime] = []
        for identifier in client_order_ids:
            sent, decision = self._ids.sent_at(identifier), parse(identifier)
            if sent is not None:
                moments.append(sent - CLOCKS_DIFFER)
            elif decision is not None:
                moments.append(start_of_day(decision.session))
            else:
                return None
        return min(moments)

    # --- ids at Robinhood ------------------------------------------------------------------------

    def _known(self) -> dict[str, list[str]]:
        if self._broker_ids is None:
            self._broker_ids = {}
            for broker_order_id, client_order_id in (self._cache.load() or {}).items():
                self._remember(broker_order_id, client_order_id)
                self._ids.note([client_order_id])
                self._ids.learn(broker_order_id, client_order_id)
        return self._broker_ids

    def _remember(self, broker_order_id: str, client_order_id: str) -> None:
        ids = self._known().setdefault(client_order_id, [])
        if broker_order_id not in ids:
            ids.append(broker_order_id)

    def _save(self) -> None:
        """Keep the newest ids: where an order shows no ref_id, nothing else tells it from another of the same terms."""
        known = {each: client_order_id for client_order_id, ids in self._known().items() for each in ids}
        self._cache.save(dict(list(known.items())[-_MAX_KEPT:]))


def _by_id(orders: Iterable[BrokerOrder]) -> Mapping[str, BrokerOrder]:
    """The orders by client_order_id. Of several, a live one counts, else the one that filled most, else the newest.

    Robinhood may have made a second order of an id that was sent twice.
    """
    found: dict[str, BrokerOrder] = {}
    for order in sorted(orders, key=lambda each: (each.state.live, each.filled_quantity, each.submitted_at)):
        found[order.client_order_id] = order
    return found
