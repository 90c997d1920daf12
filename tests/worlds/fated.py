"""A server over a world's exchange, where each request meets its fate; what is a broker's own, a subclass tells."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from tests.fakes.wire.faults import Fault as WireFault
from tests.fakes.wire.messages import Answer, Arrival
from tests.fakes.wire.server import FakeServer
from tests.worlds.fates import Fate
from tests.worlds.faults import FaultKind, of_kind
from tests.worlds.real_life import fill_a_stop
from tests.worlds.venue import Late, Venue
from tests.worlds.witness import Witness
from tradebot.brokers.paper import PaperBroker, PaperExchange
from tradebot.core.model.orders import BrokerOrder, OrderRequest

K = FaultKind


class FatedServer(FakeServer):
    """Goes before the fake of a broker in the order of the classes. One request is worked on at once."""

    _venue: Venue
    _fate: Fate | None = None
    _truth: Answer | None = None

    @abstractmethod
    def _shown(self, fate: Fate, arrival: Arrival, answer: Answer) -> Answer:
        """What is shown in place of the answer to a question, by what strikes it and by what is not told yet."""

    @abstractmethod
    def _taken_in(self, arrival: Arrival, answer: Answer) -> str | None:
        """The client_order_id of the order that a request has brought in; None where it has brought in none."""

    @contextmanager
    def awaiting(self, fate: Fate) -> Iterator[None]:
        """A request with this fate is on its way."""
        self._fate, self._truth = fate, None
        try:
            yield
        finally:
            self._fate = None
            fate.was_changed(self._has_spoilt())
            for arrival in self.late:
                self._deliver_later(arrival, fate)
            self.late.clear()

    def process(self, arrival: Arrival, exchange: PaperExchange | None = None) -> Answer:
        """What the broker makes of a request, or made of it when it was asked before."""
        fate = self._fate
        assert fate is not None, "somebody asks past the worlds"
        self._fill_stops(fate)
        answer = super().process(arrival, exchange)  # type: ignore[safe-super]  # the fake of a broker comes next
        self._note(arrival, answer, fate.witness)
        if answer.status == 200 and not arrival.writes:
            answer = self._shown(fate, arrival, answer)
        self._truth = answer
        return answer

    # --- what becomes of a request ---------------------------------------------------------------------

    def _fault_of(self, arrival: Arrival) -> WireFault | None:
        return None if self._fate is None else self._fate.on_the_wire

    def _has_spoilt(self) -> bool:
        """Whether the last answer was another than the one that the broker would have given."""
        return self._truth is not None and self.served[-1].answer != self._truth

    def _deliver_later(self, arrival: Arrival, fate: Fate) -> None:
        assert fate.worst is not None, "nothing else makes it late"

        def arrive(exchange: PaperExchange) -> None:
            answer = super(FatedServer, self).process(arrival, exchange)  # type: ignore[safe-super]
            self._note(arrival, answer, fate.witness)

        self._venue.on_the_wire.append(Late(self._venue.now + timedelta(seconds=fate.worst.amount), arrive))

    def _note(self, arrival: Arrival, answer: Answer, witness: Witness) -> None:
        taken_in = self._taken_in(arrival, answer)
        if taken_in is not None:
            witness.accepted(taken_in)

    def _take_in(self, exchange: PaperExchange, request: OrderRequest) -> BrokerOrder:
        """Take an order in; one that does not trade at once is as any other."""
        for fault in () if self._fate is None else self._fate.meets(K.SLOW_FILL, K.REJECTED_LATER, K.PARTIAL_FILL):
            due = self._venue.now + timedelta(seconds=fault.amount)
            if fault.kind is K.PARTIAL_FILL:
                return self._venue.submit_in_part(PaperBroker(exchange), request, due)
            reject = fault.kind is K.REJECTED_LATER
            return self._venue.submit_unmatched(PaperBroker(exchange), request, due, reject=reject)
        return PaperBroker(exchange).submit(request)

    def _fill_stops(self, fate: Fate) -> None:
        """Let stops fill right before a request is worked on."""
        for fault in of_kind(fate.struck, K.STOP_FILLS):
            with self._venue.exchange() as exchange:
                if fill_a_stop(exchange):
                    fate.io.meet(fault, fate.call)

    def _old(self, fate: Fate, arrival: Arrival, answer: Answer) -> Answer:
        """The answer, or the newest one of this session that was another."""
        session, memory = self._venue.now.date(), self._venue.memory
        memory.keep(session, str(arrival), answer.body)
        for fault in of_kind(fate.struck, K.OLD_ANSWER):
            old = memory.before(session, str(arrival), answer.body)
            if old is not answer.body:
                fate.io.meet(fault, fate.call)
                return replace(answer, body=old)
        return answer
