"""The server: requests in, answers out, strictly one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Lock
from time import time
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from requests.adapters import HTTPAdapter

from tests.fakes import validated
from tests.fakes.alpaca import control, routes, trading
from tests.fakes.alpaca.connections import Connection, Listener
from tests.fakes.alpaca.door import Door
from tests.fakes.alpaca.faults import Fault, Kind, spoilt
from tests.fakes.alpaca.house import House, Terms
from tests.fakes.alpaca.judge import Judge
from tests.fakes.alpaca.messages import Answer, Arrival, Refusal
from tests.fakes.alpaca.renames import in_new_names, in_old_names
from tests.fakes.alpaca.struck import OnRequest, Rule, Strikes
from tests.fakes.alpaca.transport import OUTCOME, SILENCE, TICKET, transport_of
from tradebot.brokers.paper import PaperExchange
from tradebot.market.calendar import CorrectedCalendar

#: A pair of keys in the form of those of a paper account.
KEY_ID = "PKFAKE7C1FCANARY0001"
SECRET_KEY = "fakesecret0000000000000000000000000000001"

OpenExchange = Callable[[], AbstractContextManager[PaperExchange]]


@dataclass(frozen=True, slots=True)
class Served:
    """A request and what became of it; without an ``answer`` where none was sent. ``at`` is in seconds since 1970."""

    arrival: Arrival
    answer: Answer | None
    fault: Fault | None
    at: float = field(default_factory=time)


class FakeAlpaca:
    """Alpaca's trading and data hosts, both at ``url``, over an embedded exchange. Runs while it is entered.

    ``exchange`` gives a handle on the exchange to the thread that asks; each connection keeps one while it lasts.
    ``on_request`` is asked for the fault of each request, when it arrives. ``calendar`` is the one of ``exchange``, for
    hours that the installed one does not know. Leaving raises SpecificationBroken when the
    specification does not allow what was asked or answered.
    """

    def __init__(
        self,
        exchange: OpenExchange,
        *,
        terms: Terms | None = None,
        on_request: OnRequest | None = None,
        port: int = 0,
        calendar: CorrectedCalendar | None = None,
    ) -> None:
        self.house = House(terms or Terms(), calendar)
        self.judge = Judge()
        self.served: list[Served] = []
        self.late: list[Arrival] = []
        self._exchange = exchange
        self._strikes = Strikes(on_request)
        self._turn = Lock()
        self._numbers = count(1)
        self._tickets: dict[str, Fault | None] = {}
        self._told: dict[str, list[Answer]] = {}
        self._door = Door(self.house.terms)
        self._listener = Listener(self, port)

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

    def sentence(self) -> None:
        """Raise what went wrong in here, or SpecificationBroken when the judge had anything to object to."""
        if self.errors:
            raise self.errors[0]
        self.judge.sentence()

    def open(self) -> None:
        self._listener.open()

    def close(self) -> None:
        """Stop serving; when it returns, nobody here uses the exchange any more."""
        self._listener.close()
        validated.add(*self.judge.counted())

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

    def process(self, arrival: Arrival, exchange: PaperExchange | None = None) -> Answer:
        """What Alpaca makes of a request, as it is and at once."""
        if exchange is None:
            with self._exchange() as opened:
                return self.process(arrival, opened)
        trading.bring_about_cancels(self.house, exchange)
        renames = self.house.terms.renames
        try:
            asked = in_old_names(renames, arrival)
            return in_new_names(renames, arrival, routes.find(asked).answer(self.house, exchange, asked))
        except Refusal as refused:
            return refused.answer

    # --- for its connections -----------------------------------------------------------------------

    def open_exchange(self) -> AbstractContextManager[PaperExchange]:
        return self._exchange()

    def serve(self, connection: Connection, exchange: PaperExchange) -> None:
        """Read one request from a connection and answer it there."""
        with self._turn:
            arrival = connection.arrival(next(self._numbers))
            if control.is_control(arrival):
                connection.send(control.answer(self, exchange, arrival))
                return
            quick, at = TICKET in arrival.headers, time()
            fault = self._tickets.pop(arrival.headers[TICKET]) if quick else self._strikes.at(arrival)
            self.judge.request(arrival)
            answer = self._answer(arrival, exchange, fault)
            self.served.append(Served(arrival, answer, fault, at))
            if answer is not None:
                half = fault is not None and fault.kind is Kind.CUT_OFF
                send = connection.send_half if half else connection.send
                send(answer, self._door.allowance())
                return
        if fault is None or not fault.silent:
            connection.reset()
        elif quick:
            connection.send(Answer(200, headers={OUTCOME: SILENCE}))
        else:
            connection.wait_until_given_up()

    def _answer(self, arrival: Arrival, exchange: PaperExchange, fault: Fault | None) -> Answer | None:
        """What is to be sent; None when nothing is."""
        barred = self._door.bars(arrival)
        if barred is not None:
            return barred
        if fault is None:
            return self._judged(arrival, exchange)
        if fault.kind is Kind.LATE:
            self.late.append(arrival)
        self.house.fails_one = fault.kind is Kind.ITEM_FAILED
        whole = self._judged(arrival, exchange) if fault.processed else None
        self.house.fails_one = False
        if fault.silent or fault.resets:
            return None
        told = [] if whole is None else [each for each in self._told.get(str(arrival), []) if each != whole]
        return spoilt(fault, arrival, whole, told[-1] if told else None)

    def _judged(self, arrival: Arrival, exchange: PaperExchange) -> Answer:
        answer = self.process(arrival, exchange)
        self.judge.answer(arrival, answer)
        if not arrival.writes:
            told = self._told.setdefault(str(arrival), [])
            if not told or told[-1] != answer:
                self._told[str(arrival)] = [*told[-1:], answer]
        return self.house.terms.telling.told(arrival, answer)
