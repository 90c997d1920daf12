"""Brokers that fail, one way each, around one that works."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date

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
from tradebot.core.model.orders import BrokerOrder, OrderRequest
from tradebot.errors import BrokerUnavailable, OutcomeUnknown
from tradebot.ports import Broker


class Around(Broker):
    """Passes everything on. ``before`` is told the name of each call and what it is asked, and may raise."""

    def __init__(self, broker: Broker) -> None:
        self.inner = broker
        self.calls: list[str] = []

    def before(self, call: str, asked: object = None) -> None:
        """Nothing, unless a test says so."""

    def _pass(self, call: str, asked: object = None) -> Broker:
        self.calls.append(call)
        self.before(call, asked)
        return self.inner

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def mode(self) -> str:
        return self.inner.mode

    @property
    def capabilities(self) -> Capabilities:
        return self.inner.capabilities

    def clock(self) -> MarketClock:
        return self._pass("clock").clock()

    def account(self) -> AccountSnapshot:
        return self._pass("account").account()

    def permissions(self) -> Permissions:
        return self._pass("permissions").permissions()

    def days(self, first: date, last: date) -> tuple[AccountDay, ...]:
        return self._pass("days").days(first, last)

    def positions(self) -> tuple[Position, ...]:
        return self._pass("positions").positions()

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        return self._pass("open_orders").open_orders()

    def order(self, client_order_id: str) -> BrokerOrder | None:
        return self._pass("order", client_order_id).order(client_order_id)

    def orders(self, client_order_ids: Iterable[str]) -> Mapping[str, BrokerOrder]:
        """Each as ``order`` gives it, so that a test that bends one bends both."""
        found = {each: self.order(each) for each in client_order_ids}
        return {each: order for each, order in found.items() if order is not None}

    def client_order_ids(self) -> frozenset[str]:
        return self._pass("client_order_ids").client_order_ids()

    def wait_to_send(self) -> None:
        self.inner.wait_to_send()

    def submit(self, request: OrderRequest) -> BrokerOrder:
        return self._pass("submit", request).submit(request)

    def cancel(self, broker_order_id: str) -> None:
        self._pass("cancel", broker_order_id).cancel(broker_order_id)

    def cancel_all(self) -> None:
        self._pass("cancel_all").cancel_all()

    def replace(self, broker_order_id: str, request: OrderRequest) -> BrokerOrder:
        return self._pass("replace", request).replace(broker_order_id, request)

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        return self._pass("activities", after).activities(after)

    def late_activities(self, after: str, is_known: Callable[[str], bool]) -> tuple[Activity, ...]:
        return self._pass("late_activities", after).late_activities(after, is_known)

    def unread_activities(self) -> tuple[UnreadActivity, ...]:
        return self.inner.unread_activities()

    def assets(self, symbols: Iterable[str]) -> Mapping[str, Asset]:
        return self._pass("assets").assets(symbols)


class Watched(Around):
    """Lets a test look on at each call, or fail it."""

    def __init__(self, broker: Broker, look: Callable[[Broker, str, object], None]) -> None:
        super().__init__(broker)
        self._look = look

    def before(self, call: str, asked: object = None) -> None:
        self._look(self.inner, call, asked)


class Unreachable(Around):
    """The calls named do not reach the broker."""

    def __init__(self, broker: Broker, *calls: str) -> None:
        super().__init__(broker)
        self._dead = calls

    def before(self, call: str, asked: object = None) -> None:
        if call in self._dead:
            raise BrokerUnavailable(f"{call}: no route to host")


class LosesAnswers(Around):
    """Writes arrive, and their answers are lost."""

    def submit(self, request: OrderRequest) -> BrokerOrder:
        super().submit(request)
        raise OutcomeUnknown(f"{request.client_order_id}: the connection was cut after it had been sent")

    def replace(self, broker_order_id: str, request: OrderRequest) -> BrokerOrder:
        super().replace(broker_order_id, request)
        raise OutcomeUnknown(f"{request.client_order_id}: the connection was cut after it had been sent")


class LosesRequests(Around):
    """Writes are lost on their way, and nobody can tell whether they arrived."""

    def submit(self, request: OrderRequest) -> BrokerOrder:
        raise OutcomeUnknown(f"{request.client_order_id}: timed out")

    def replace(self, broker_order_id: str, request: OrderRequest) -> BrokerOrder:
        raise OutcomeUnknown(f"{request.client_order_id}: timed out")


class Crash(BaseException):
    """The process dies here."""


class Dies(Around):
    """The process dies at a call: before the broker hears of it or, with ``after``, once it has done it."""

    def __init__(self, broker: Broker, at: str, *, after: bool = False) -> None:
        super().__init__(broker)
        self._at, self._after = at, after

    def before(self, call: str, asked: object = None) -> None:
        if call == self._at and not self._after:
            raise Crash

    def submit(self, request: OrderRequest) -> BrokerOrder:
        order = super().submit(request)
        if self._at == "submit":
            raise Crash
        return order
