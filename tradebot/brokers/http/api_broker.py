"""The parts of ports.Broker that are alike at every broker behind an API: each is answered by one of its queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from tradebot.brokers.http.api import Api
from tradebot.core.model.account import Activity, MarketClock, UnreadActivity
from tradebot.core.model.orders import BrokerOrder


class ClockQueries(Protocol):
    """Reads of the broker's clock."""

    def clock(self) -> MarketClock:
        """The time, and the sessions around it."""


class OrderQueries(Protocol):
    """Reads of the broker's orders."""

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        """Every live order, oldest first."""

    def by_client_ids(self, client_order_ids: Iterable[str]) -> Mapping[str, BrokerOrder]:
        """The orders with these ids."""

    def client_order_ids(self) -> frozenset[str]:
        """The client_order_id of every order that is listed."""


class ActivityQueries(Protocol):
    """Reads of what was booked."""

    def after(self, cursor: str | None) -> tuple[Activity, ...]:
        """The activities after one, by its id; all of them after None."""

    def late(self, cursor: str, is_known: Callable[[str], bool]) -> tuple[Activity, ...]:
        """Unknown activities of some time before one."""

    def unread(self) -> tuple[UnreadActivity, ...]:
        """The rows of the last read that told no activity."""


class ApiBroker:
    """Answers the reads of a broker by its queries. Reads are retried."""

    def __init__(self, api: Api, clock: ClockQueries, orders: OrderQueries, activities: ActivityQueries) -> None:
        self._api = api
        self._clock_queries = clock
        self._order_queries = orders
        self._activity_queries = activities

    def clock(self) -> MarketClock:
        """The time, and the exchange's sessions around it."""
        return self._clock_queries.clock()

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        """Every live order, oldest first, legs as orders of their own."""
        return self._order_queries.open_orders()

    def order(self, client_order_id: str) -> BrokerOrder | None:
        """The order with this id and its legs; None where none is shown."""
        return self.orders([client_order_id]).get(client_order_id)

    def orders(self, client_order_ids: Iterable[str]) -> Mapping[str, BrokerOrder]:
        """The orders with these ids, as ``order`` returns them."""
        return self._order_queries.by_client_ids(client_order_ids)

    def client_order_ids(self) -> frozenset[str]:
        """The client_order_id of every order that the broker lists, whatever its state, legs included."""
        return self._order_queries.client_order_ids()

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        """Fills, cash movements and splits after the activity ``after``, in the order of booking."""
        return self._activity_queries.after(after)

    def late_activities(self, after: str, is_known: Callable[[str], bool]) -> tuple[Activity, ...]:
        """Unknown activities of the weeks before ``after``."""
        return self._activity_queries.late(after, is_known)

    def unread_activities(self) -> tuple[UnreadActivity, ...]:
        """The rows of the last read that told no activity: passed over, or waiting."""
        return self._activity_queries.unread()

    def wait_to_send(self) -> None:
        """Wait until the rate limit lets a request through. Raises BrokerUnavailable where that takes too long."""
        self._api.wait_for_rate_limit()
