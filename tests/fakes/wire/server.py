"""The server: requests in, answers out, strictly one at a time. A subclass tells what is the broker's own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Lock
from time import time
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from requests.adapters import HTTPAdapter

from tests.fakes.wire.connections import Connection, Listener
from tests.fakes.wire.faults import Fault, Kind
from tests.fakes.wire.messages import Answer, Arrival
from tests.fakes.wire.struck import OnRequest, Rule, Strikes
from tests.fakes.wire.transport import OUTCOME, SILENCE, TICKET, transport_of
from tradebot.brokers.paper import PaperExchange

OpenExchange = Callable[[], AbstractContextManager[PaperExchange]]


@dataclass(frozen=True, slots=True)
class Served:
    """A request and what became of it; without an ``answer`` where none was sent. ``at`` is in seconds since 1970."""

    arrival: Arrival
    answer: Answer | None
    fault: Fault | None
    at: float = field(default_factory=time)


class FakeServer(ABC):
    """The hosts of a broker, all at ``url``, over an embedded exchange. Runs while it is entered.

    ``exchange`` gives a handle on the exchange to the thread that asks; each connection keeps one while it lasts.
    ``on_request`` is asked for the fault of each request, when it arrives.
    """

    def __init__(self, exchange: OpenExchange, on_request: OnRequest | None, port: int) -> None:
        self.served: list[Served] = []
        self.late: list[Arrival] = []
        self._exchange = exchange
        self._strikes = Strikes(on_request)
        self._turn = Lock()
        self._numbers = count(1)
        self._tickets: dict[str, Fault | None] = {}
        self._told: dict[str, list[Answer]] = {}
        self._listener = Listener(self, port)

    # --- what a broker makes of it -----------------------------------------------------------------

    @abstractmethod
    def process(self, arrival: Arrival, exchange: PaperExchange | None = None) -> Answer:
        """What the broker makes of a request, as it is and at once."""

    @abstractmethod
    def spoilt(self, fault: Fault, arrival: Arrival, answer: Answer | None, before: Answer | None) -> Answer:
        """What is sent instead of ``answer``, which is None when the request was not processed.

        ``before`` is another answer that the same question got earlier, if any.
        """

    @abstractmethod
    def sentence(self) -> None:
        """Raise what went wrong in here, and what there is to object to."""

    def control(self, arrival: Arrival, exchange: PaperExchange) -> Answer | None:
        """The answer to a test in another process; None for a request that is none of those."""
        return None

    def noticed(self, arrival: Arrival) -> None:  # noqa: B027 - not every broker has something to notice
        """A request has come in, whatever becomes of it."""

    def barred(self, arrival: Arrival, exchange: PaperExchange) -> Answer | None:
        """The answer to somebody who is not let in; None for one who is."""
        return None

    def headers(self) -> Mapping[str, str]:
        """Headers of every answer."""
        return {}

    def told(self, arrival: Arrival, answer: Answer) -> Answer:
        """What is told in place of an answer that would be the whole truth."""
        return answer

    def processed(self, arrival: Arrival, exchange: PaperExchange, fault: Fault) -> Answer:
        """What the broker makes of a request that meets a fault and has its effect all the same."""
        return self._worked_on(arrival, exchange)

    # --- its life ----------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return self._listener.url

    @property
    def errors(self) -> list[BaseException]:
        """Mistakes of the fake itself: a request that it could not work on."""
        return self._listener.errors

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if error is None:
            self.sentence()

    def open(self) -> None:
        self._listener.open()

    def close(self) -> None:
        """Stop serving; when it returns, nobody here uses the exchange any more."""
        self._listener.close()

    # --- for tests -------------------------------------------------------------------------------

    @property
    def requests(self) -> tuple[Arrival, ...]:
        """Every request that has arrived, those without an effect too."""
        return tuple(each.arrival for each in self.served)

    def strike(
        self,
        kind: Kind,
        amount: int = 0,
        *,
        method: str | None = None,
        path: str | None = None,
        times: int = 1,
        after: int = 0,
    ) -> None:
        """Let the next fitting requests meet a fault."""
        self._strikes.rules.append(Rule(Fault(kind, amount), method, path, times, after))

    def calm(self) -> None:
        """Forget the faults that have yet to strike."""
        self._strikes.rules.clear()

    def deliver(self, exchange: PaperExchange | None = None) -> None:
        """Let arrive what has been on its way for longer than its sender would wait."""
        arrived, self.late = self.late, []
        for arrival in arrived:
            self.process(arrival, exchange)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Nobody listens at ``url`` in the meantime, and every connection is closed."""
        self._listener.close()
        try:
            yield
        finally:
            self._listener.open()

    def transport(self, base: type[HTTPAdapter] = HTTPAdapter) -> type[HTTPAdapter]:
        """The adapter to mount on a session that is not to wait for what will not come."""
        return transport_of(self, base)

    def announce(self, method: str, path: str) -> tuple[Fault | None, str]:
        """What a request will meet, and the ticket under which it meets that."""
        asked = urlsplit(path)
        arrival = Arrival(0, method, asked.path, dict(parse_qsl(asked.query)), {})
        with self._turn:
            fault = self._strikes.at(arrival)
            ticket = str(next(self._numbers))
            if fault is not None and fault.at_the_door:
                self.served.append(Served(arrival, None, fault))
            else:
                self._tickets[ticket] = fault
        return fault, ticket

    # --- for its connections -----------------------------------------------------------------------

    def open_exchange(self) -> AbstractContextManager[PaperExchange]:
        return self._exchange()

    def serve(self, connection: Connection, exchange: PaperExchange) -> None:
        """Read one request from a connection and answer it there."""
        with self._turn:
            arrival = connection.arrival(next(self._numbers))
            controlled = self.control(arrival, exchange)
            if controlled is not None:
                connection.send(controlled)
                return
            quick, at = TICKET in arrival.headers, time()
            fault = self._tickets.pop(arrival.headers[TICKET]) if quick else self._strikes.at(arrival)
            self.noticed(arrival)
            answer = self._answer(arrival, exchange, fault)
            self.served.append(Served(arrival, answer, fault, at))
            if answer is not None:
                half = fault is not None and fault.kind is Kind.CUT_OFF
                send = connection.send_half if half else connection.send
                send(answer, self.headers())
                return
        if fault is None or not fault.silent:
            connection.reset()
        elif quick:
            connection.send(Answer(200, headers={OUTCOME: SILENCE}))
        else:
            connection.wait_until_given_up()

    def _answer(self, arrival: Arrival, exchange: PaperExchange, fault: Fault | None) -> Answer | None:
        """What is to be sent; None when nothing is."""
        barred = self.barred(arrival, exchange)
        if barred is not None:
            return barred
        if fault is None:
            return self._worked_on(arrival, exchange)
        if fault.kind is Kind.LATE:
            self.late.append(arrival)
        whole = self.processed(arrival, exchange, fault) if fault.processed else None
        if fault.silent or fault.resets:
            return None
        told = [] if whole is None else [each for each in self._told.get(str(arrival), []) if each != whole]
        return self.spoilt(fault, arrival, whole, told[-1] if told else None)

    def _worked_on(self, arrival: Arrival, exchange: PaperExchange) -> Answer:
        answer = self.process(arrival, exchange)
        if not arrival.writes:
            told = self._told.setdefault(str(arrival), [])
            if not told or told[-1] != answer:
                self._told[str(arrival)] = [*told[-1:], answer]
        return self.told(arrival, answer)
