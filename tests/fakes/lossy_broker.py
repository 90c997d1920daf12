"""The embedded exchange behind a wire that loses answers, as a broker that finds no order for certain by its id.

It has no brackets, no replacing and no request to cancel all. Its lists may lag, its positions do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from tests.jobs.brokers import Around
from tradebot.core.model.account import Activity, Fill, id_of
from tradebot.core.model.capabilities import Capabilities
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState
from tradebot.errors import AlreadySent, OrderRefused, OutcomeUnknown
from tradebot.ports import Broker


class Fate(Enum):
    """What becomes of one request to send an order, whose answer is lost."""

    ARRIVES = auto()  # it is taken
    NEVER = auto()  # it is gone
    LATE = auto()  # it arrives while the next reads ask for it
    BURNT = auto()  # it is refused, and its id counts as used


class Repeat(Enum):
    """What the broker makes of an id that was used."""

    CONFLICT = auto()  # 409
    EXISTS = auto()  # 400 "already exists", which the adapter reads as the same
    FIRST = auto()  # the first order is returned
    SECOND = auto()  # a second order is made


_AGAIN = "~2"  # ends the id under which the exchange keeps a second order


@dataclass
class Wire:
    """The state of the wire, for all jobs of a test.

    fates: of the next requests, by what their ids have in the middle, as in "ACME-stop"; after them all is well
    lags: whether the lists lack the orders whose answers were lost, until it is unset
    late_after: the reads of orders after which a late request arrives
    """

    repeat: Repeat = Repeat.CONFLICT
    fates: dict[str, list[Fate]] = field(default_factory=dict)
    lags: bool = False
    late_after: int = 12
    late: dict[str, OrderRequest] = field(default_factory=dict)
    reads: int = 0  # of orders, since something was late
    lost: set[str] = field(default_factory=set)
    burnt: dict[str, BrokerOrder] = field(default_factory=dict)
    posts: list[str] = field(default_factory=list)  # the client_order_id of each request to send

    def around(self, broker: Broker) -> LossyBroker:
        """The broker of one job."""
        return LossyBroker(broker, self)

    def fate_of(self, client_order_id: str) -> Fate | None:
        """The fate of the next request with this id; None where its answer comes."""
        fates = next((fates for what, fates in self.fates.items() if f"-{what}-" in client_order_id), [])
        return fates.pop(0) if fates else None

    def hides(self, client_order_id: str) -> bool:
        """Whether no list has an order yet."""
        return self.lags and client_order_id.removesuffix(_AGAIN) in self.lost


class LossyBroker(Around):
    """One job's view of the exchange over a wire."""

    def __init__(self, broker: Broker, wire: Wire) -> None:
        super().__init__(broker)
        self.wire = wire

    @property
    def capabilities(self) -> Capabilities:
        return lacking(self.inner.capabilities)

    def before(self, call: str, asked: object = None) -> None:
        if call in ("open_orders", "order"):
            self.wire.reads += 1
            if self.wire.reads >= self.wire.late_after:
                for late in self.wire.late.values():
                    self._arrive(late)
                self.wire.late.clear()

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        return tuple(_named(each) for each in super().open_orders() if not self.wire.hides(each.client_order_id))

    def order(self, client_order_id: str) -> BrokerOrder | None:
        if self.wire.hides(client_order_id):
            return None
        order = super().order(client_order_id)
        return order or self.inner.order(client_order_id + _AGAIN)

    def submit(self, request: OrderRequest) -> BrokerOrder:
        assert self.capabilities.sent(request) == request, "closing legs are not taken"
        wire = self.wire
        wire.posts.append(request.client_order_id)
        fate = wire.fate_of(request.client_order_id)
        if fate is None:
            order = self._arrive(request)
            if isinstance(order, OrderRefused):
                raise order
            return _named(order)
        wire.lost.add(request.client_order_id)
        if fate is Fate.ARRIVES:
            self._arrive(request)
        elif fate is Fate.LATE:
            wire.late[request.client_order_id], wire.reads = request, 0
        elif fate is Fate.BURNT:
            wire.burnt[request.client_order_id] = _rejected(request, self.inner)
        raise OutcomeUnknown(f"{request.client_order_id}: the connection was cut after it had been sent")

    def replace(self, broker_order_id: str, request: OrderRequest) -> BrokerOrder:
        raise OrderRefused("405", "orders cannot be replaced")

    def cancel_all(self) -> None:
        raise OrderRefused("405", "no request cancels all orders")

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        return tuple(_shown(done) for done in super().activities(after) if not self._is_hidden(done))

    def late_activities(self, after: str, is_known: Callable[[str], bool]) -> tuple[Activity, ...]:
        earlier = self.inner.activities(None)
        ids = [id_of(done) for done in earlier]
        before = earlier[: ids.index(after)] if after in ids else ()
        return tuple(_shown(done) for done in before if not is_known(id_of(done)) and not self._is_hidden(done))

    def orders(self, client_order_ids: Iterable[str]) -> Mapping[str, BrokerOrder]:
        found = super().orders(client_order_ids)
        return {each: replace(order, client_order_id=each) for each, order in found.items()}

    def _is_hidden(self, done: Activity) -> bool:
        return isinstance(done, Fill) and self.wire.hides(done.client_order_id)

    def _arrive(self, request: OrderRequest) -> BrokerOrder | OrderRefused:
        """What the exchange makes of a request that comes in."""
        used, repeat = request.client_order_id, self.wire.repeat
        first = self.inner.order(used) or self.wire.burnt.get(used)
        if first is not None and repeat is Repeat.FIRST:
            return first
        if first is not None and repeat in (Repeat.CONFLICT, Repeat.EXISTS):
            return AlreadySent("409", f"Reference ID must be unique: {used}")
        again = self.inner.order(used) is not None
        try:
            return self.inner.submit(replace(request, client_order_id=used + _AGAIN) if again else request)
        except OrderRefused as refusal:
            return refusal


def lacking(capabilities: Capabilities) -> Capabilities:
    """What is left without the things that a broker may lack."""
    return replace(capabilities, brackets=False, oto=False, replace=False, cancel_all=False, finds_by_id=False)


def _named(order: BrokerOrder) -> BrokerOrder:
    return replace(order, client_order_id=order.client_order_id.removesuffix(_AGAIN))


def _shown(done: Activity) -> Activity:
    """A fill under the id that its order was sent under."""
    if not isinstance(done, Fill):
        return done
    return replace(done, client_order_id=done.client_order_id.removesuffix(_AGAIN))


def _rejected(request: OrderRequest, broker: Broker) -> BrokerOrder:
    return BrokerOrder(
        broker_order_id=f"rejected {request.client_order_id}",
        client_order_id=request.client_order_id,
        symbol=request.symbol,
        side=request.side,
        quantity=request.quantity,
        filled_quantity=request.quantity * 0,
        type=request.type,
        time_in_force=request.time_in_force,
        state=OrderState.REJECTED,
        submitted_at=broker.clock().now,
        limit_price=request.limit_price,
        stop_price=request.stop_price,
    )
