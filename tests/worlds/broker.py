"""A broker that fails, around the exchange that works."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeVar

from tests.worlds.faults import Fault, FaultKind, Io, of_kind
from tests.worlds.real_life import fill_a_stop
from tests.worlds.venue import Late, Venue
from tradebot.brokers.paper import PaperBroker, PaperExchange
from tradebot.core.model.account import (
    AccountDay,
    AccountSnapshot,
    Activity,
    Asset,
    MarketClock,
    Permissions,
    Position,
    UnreadActivity,
    id_of,
)
from tradebot.core.model.capabilities import Capabilities
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState
from tradebot.core.model.values import whole_shares
from tradebot.errors import BrokerUnavailable, OrderRefused, OutcomeUnknown

if TYPE_CHECKING:
    from tests.worlds.witness import Witness

T = TypeVar("T")
K = FaultKind

#: How long a broker may fail to find an order that it has taken in.
SHOWN_AFTER = timedelta(seconds=10)

#: No answer, and a write did not arrive.
_NOT_SENT = (K.REFUSED, K.TOO_MANY)
#: No answer, and a write arrived or not; the fault's seconds, odd or even, tell which.
_PERHAPS_SENT = (K.SERVER_ERROR, K.HTML)
#: No answer, and a write arrived.
_SENT = (K.LOST_ANSWER, K.TRUNCATED)
_NO_ANSWER = (*_NOT_SENT, *_PERHAPS_SENT, *_SENT, K.LOST_REQUEST, K.LATE_REQUEST)
#: The kinds that a read can meet, and those that only a write can.
READ_FAULTS = (*_NOT_SENT, *_PERHAPS_SENT, *_SENT, K.SLOW)
WRITE_FAULTS = (*_NO_ANSWER, K.SLOW, K.KILL_AFTER)


class FaultyBroker:
    """Implements ports.Broker for one process, by way of the faults that strike it."""

    def __init__(self, venue: Venue, exchange: PaperExchange, io: Io, witness: Witness) -> None:
        self._venue = venue
        self._exchange = exchange
        self._broker = PaperBroker(exchange)
        self._io = io
        self._witness = witness

    @property
    def name(self) -> str:
        return self._broker.name

    @property
    def mode(self) -> str:
        return self._broker.mode

    @property
    def capabilities(self) -> Capabilities:
        return self._broker.capabilities

    # --- reads ---------------------------------------------------------------------------------

    def clock(self) -> MarketClock:
        answer, _ = self._read("clock", self._broker.clock)
        self._witness.saw_clock(answer)
        return answer

    def account(self) -> AccountSnapshot:
        answer = self._perhaps_old("account", self._broker.account)
        self._witness.saw_account(self._exchange, answer)
        return answer

    def permissions(self) -> Permissions:
        answer, _ = self._read("permissions", self._broker.permissions)
        return answer

    def days(self, first: date, last: date) -> tuple[AccountDay, ...]:
        answer, _ = self._read("days", lambda: self._broker.days(first, last))
        return answer

    def positions(self) -> tuple[Position, ...]:
        answer, struck = self._read("positions", self._broker.positions)
        answer = self._fewer_shares(struck, self._old(struck, "positions", answer))
        return self._perhaps_empty(struck, "positions", answer)

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        answer, struck = self._read("open_orders", self._broker.open_orders)
        answer = self._perhaps_empty(struck, "open_orders", self._old(struck, "open_orders", answer))
        return tuple(self._state_unknown(struck, order, "open_orders") for order in answer)

    def order(self, client_order_id: str) -> BrokerOrder | None:
        answer, struck = self._read("order", lambda: self._broker.order(client_order_id))
        if answer is None or self._not_yet_shown(struck, answer):
            return None
        return self._state_unknown(struck, answer, "order")

    def orders(self, client_order_ids: Iterable[str]) -> Mapping[str, BrokerOrder]:
        """One look-up, which what strikes ``order`` strikes too."""
        answer, struck = self._read("order", lambda: self._broker.orders(client_order_ids))
        return {
            each: self._state_unknown(struck, order, "order")
            for each, order in answer.items()
            if not self._not_yet_shown(struck, order)
        }

    def client_order_ids(self) -> frozenset[str]:
        answer, _ = self._read("client_order_ids", self._broker.client_order_ids)
        return answer

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        answer, struck = self._read("activities", lambda: self._shown(self._broker.activities(after)))
        answer = self._perhaps_empty(struck, "activities", answer)
        for fault in of_kind(struck, K.LAGGING):
            if answer:
                self._io.meet(fault, "activities")
                answer = answer[: -max(1, fault.amount)]
        for fault in of_kind(struck, K.REPEATED):
            every = self._broker.activities(None)
            known = every[: len(every) - len(self._broker.activities(after))]
            if known:
                self._io.meet(fault, "activities")
                answer = (*known[-max(1, fault.amount) :], *answer)
        return answer

    def late_activities(self, after: str, is_known: Callable[[str], bool]) -> tuple[Activity, ...]:
        every = self._broker.activities(None)
        before = every[: len(every) - len(self._broker.activities(after))]
        late = (activity for activity in self._shown(before) if self._venue.rows.is_late(activity))
        return tuple(activity for activity in late if not is_known(id_of(activity)))

    def _shown(self, activities: tuple[Activity, ...]) -> tuple[Activity, ...]:
        today = self._exchange.session()
        return tuple(activity for activity in activities if not self._venue.rows.hides(activity, today))

    def unread_activities(self) -> tuple[UnreadActivity, ...]:
        return self._broker.unread_activities()

    def assets(self, symbols: Iterable[str]) -> Mapping[str, Asset]:
        answer, _ = self._read("assets", lambda: self._broker.assets(symbols))
        return answer

    # --- writes --------------------------------------------------------------------------------

    def wait_to_send(self) -> None:
        """Nothing to wait for."""

    def submit(self, request: OrderRequest) -> BrokerOrder:
        self._witness.order_leaves(self._exchange, request, None)
        request = self.capabilities.sent(request)

        def arrive(broker: PaperBroker) -> BrokerOrder:
            return self._taken_in(broker.submit(request))

        def arrive_and_wait(broker: PaperBroker) -> BrokerOrder:
            fault = waits[0]
            due = self._venue.now + timedelta(seconds=fault.amount)
            if fault.kind is K.PARTIAL_FILL:
                order = self._venue.submit_in_part(broker, request, due)
            else:
                order = self._venue.submit_unmatched(broker, request, due, reject=fault.kind is K.REJECTED_LATER)
            self._io.meet(fault, "submit")
            return self._taken_in(order)

        struck = self._io.step("submit", "write")
        waits = list(of_kind(struck, K.SLOW_FILL, K.REJECTED_LATER, K.PARTIAL_FILL))
        order = self._write("submit", struck, arrive_and_wait if waits else arrive)
        return self._state_unknown(struck, order, "submit")

    def cancel(self, broker_order_id: str) -> None:
        struck = self._io.step("cancel", "write")
        self._write("cancel", struck, lambda broker: broker.cancel(broker_order_id))

    def cancel_all(self) -> None:
        struck = self._io.step("cancel_all", "write")
        self._write("cancel_all", struck, lambda broker: broker.cancel_all())

    def replace(self, broker_order_id: str, request: OrderRequest) -> BrokerOrder:
        self._witness.order_leaves(self._exchange, request, broker_order_id)
        struck = self._io.step("replace", "write")
        order = self._write("replace", struck, lambda broker: self._taken_in(broker.replace(broker_order_id, request)))
        return self._state_unknown(struck, order, "replace")

    def _taken_in(self, order: BrokerOrder) -> BrokerOrder:
        self._witness.accepted(order.client_order_id)
        return order

    # --- how a request fares -------------------------------------------------------------------

    def _read(self, call: str, ask: Callable[[], T]) -> tuple[T, tuple[Fault, ...]]:
        struck = self._io.step(call, "read")
        self._witness.called(call)
        self._wait(struck, call)
        self._venue.happen(self._exchange)
        for fault in of_kind(struck, *_NO_ANSWER):
            self._io.meet(fault, call)
            raise BrokerUnavailable(f"{call}: {fault.kind}")
        for fault in of_kind(struck, K.STOP_FILLS):
            if fill_a_stop(self._exchange):
                self._io.meet(fault, call)
        return ask(), struck

    def _write(self, call: str, struck: tuple[Fault, ...], arrive: Callable[[PaperBroker], T]) -> T:
        self._witness.called(call)
        self._wait(struck, call)
        self._venue.happen(self._exchange)
        for fault in of_kind(struck, *_NO_ANSWER):
            self._io.meet(fault, call)
            if fault.kind in _NOT_SENT:
                raise BrokerUnavailable(f"{call}: {fault.kind}")
            if fault.kind is K.LATE_REQUEST:
                due = self._venue.now + timedelta(seconds=fault.amount)
                self._venue.on_the_wire.append(Late(due, lambda exchange: arrive(PaperBroker(exchange))))
            elif fault.kind in _SENT or (fault.kind in _PERHAPS_SENT and fault.amount % 2):
                with suppress(OrderRefused):
                    arrive(self._broker)
            raise OutcomeUnknown(f"{call}: {fault.kind}")
        for fault in of_kind(struck, K.KILL_AFTER):
            with suppress(OrderRefused):
                arrive(self._broker)
            self._io.die(fault, call)
        return arrive(self._broker)

    def _wait(self, struck: tuple[Fault, ...], call: str) -> None:
        for fault in of_kind(struck, K.SLOW):
            self._io.meet(fault, call)
            self._venue.pass_time(self._exchange, fault.amount)

    # --- answers that are not the whole truth ----------------------------------------------------

    def _perhaps_old(self, call: str, ask: Callable[[], T]) -> T:
        answer, struck = self._read(call, ask)
        return self._old(struck, call, answer)

    def _old(self, struck: tuple[Fault, ...], call: str, answer: T) -> T:
        """The answer, or the newest one of this session that was another."""
        session, memory = self._exchange.session(), self._venue.memory
        memory.keep(session, call, answer)
        for fault in of_kind(struck, K.OLD_ANSWER):
            old = memory.before(session, call, answer)
            if old is not answer:
                self._io.meet(fault, call)
                return old
        return answer

    def _perhaps_empty(self, struck: tuple[Fault, ...], call: str, answer: tuple[T, ...]) -> tuple[T, ...]:
        """The answer, or an empty list in its place."""
        for fault in of_kind(struck, K.EMPTY_LIST):
            if answer:
                self._io.meet(fault, call)
                return ()
        return answer

    def _fewer_shares(self, struck: tuple[Fault, ...], answer: tuple[Position, ...]) -> tuple[Position, ...]:
        """The answer with half of each position, as before the second half was bought."""
        for fault in of_kind(struck, K.FEWER_SHARES):
            halves = [replace(each, quantity=whole_shares(each.quantity / 2)) for each in answer]
            if halves:
                self._io.meet(fault, "positions")
            return tuple(half for half in halves if half.quantity)
        return answer

    def _not_yet_shown(self, struck: tuple[Fault, ...], order: BrokerOrder) -> bool:
        """Whether the broker does not find an order by its id yet, because it came in only just now."""
        for fault in of_kind(struck, K.OLD_ANSWER):
            if self._venue.now < order.submitted_at + SHOWN_AFTER:
                self._io.meet(fault, "order")
                return True
        return False

    def _state_unknown(self, struck: tuple[Fault, ...], order: BrokerOrder, call: str) -> BrokerOrder:
        for fault in of_kind(struck, K.UNKNOWN_STATE):
            self._io.meet(fault, call)
            return replace(order, state=OrderState.UNKNOWN)
        return order
