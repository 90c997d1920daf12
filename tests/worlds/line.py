"""The line of one process to a broker over HTTP: each request is one step, and what becomes of it is drawn there.

The process waits while the server works, so that one thread runs at a time and a seed always tells the same story.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests
from urllib3 import exceptions as of_urllib3

from tests.worlds.faults import Fault, FaultKind, Io, of_kind
from tests.worlds.venue import Venue
from tradebot.brokers.paper import PaperExchange
from tradebot.core.orders import OrderRequest
from tradebot.wire.answers import Answer
from tradebot.wire.client import Client
from tradebot.wire.departure import NoticingAdapter
from tradebot.wire.patience import Patience
from tradebot.wire.place import Keys, Place

if TYPE_CHECKING:
    from tests.worlds.witness import Witness

K = FaultKind

#: What an honest answer may take for real, however long it takes in the world.
_FOR_REAL = 60.0


@dataclass(slots=True)
class Fate:
    """What becomes of one request. ``answer_in_time`` is False when its sender gives it up before it is answered.

    ``silent`` is set by a server that means to keep silent and hangs up instead, so that nobody waits for real.
    """

    call: str
    io: Io
    witness: Witness
    struck: tuple[Fault, ...] = ()
    answer_in_time: bool = True
    silent: bool = False

    def meets(self, *kinds: FaultKind) -> Iterator[Fault]:
        """The faults of these kinds that strike it; each is met by being asked for."""
        for fault in of_kind(self.struck, *kinds):
            self.io.meet(fault, self.call)
            yield fault


@dataclass(slots=True)
class Wire:
    """All lines to one server: only one request is under way at a time. ``dead_port`` is one where nobody listens."""

    dead_port: int
    fate: Fate | None = None


@dataclass(slots=True)
class WorldPause:
    """Waiting lets time go by at the exchange, to the end of its day; implements wire.Pause."""

    venue: Venue
    exchange: PaperExchange
    io: Io
    _beyond: float = field(default=0.0, init=False)

    def sleep(self, seconds: float) -> None:
        self.io.step("sleep")
        self.wait(seconds)

    def wait(self, seconds: float) -> None:
        before = self.venue.now
        self.venue.pass_time(self.exchange, seconds)
        self._beyond += max(0.0, seconds - (self.venue.now - before).total_seconds())

    def monotonic(self) -> float:
        return self.venue.now.timestamp() + self._beyond


class LineClient(Client):
    """Sends for real, to a server on this machine, once the step of the request has been taken."""

    def __init__(
        self, place: Place, keys: Keys, patience: Patience, wire: Wire, pause: WorldPause, witness: Witness
    ) -> None:
        self._wire = wire
        self._waiting = pause
        self._witness = witness
        #: The order that the next writing request carries, and the id of the one whose place it takes.
        self.leaving: tuple[OrderRequest, str | None] | None = None
        super().__init__(place, keys, patience)

    def exchange(
        self, method: str, path: str, params: Mapping[str, str] | None, body: Mapping[str, Any] | None, seconds: float
    ) -> Answer:
        call, kind = named(method, path, params or {})
        pause = self._waiting
        if kind == "write" and self.leaving is not None:
            (order, replacing), self.leaving = self.leaving, None
            self._witness.order_leaves(pause.exchange, order, replacing)
        fate = Fate(call, pause.io, self._witness, pause.io.step(call, kind))
        self._witness.called(call)
        self._take_time(fate, min(seconds, self._patience.silence))
        pause.venue.happen(pause.exchange)
        with self._under_way(fate):
            answer = super().exchange(method, path, params, body, _FOR_REAL)
        for fault in fate.meets(K.KILL_AFTER):
            fate.io.die(fault, call)
        return answer

    def _take_time(self, fate: Fate, longest: float) -> None:
        for fault in fate.meets(K.SLOW):
            if fault.amount < longest:
                self._waiting.wait(fault.amount)
            else:
                fate.answer_in_time = False

    @contextmanager
    def _under_way(self, fate: Fate) -> Iterator[None]:
        self._wire.fate = fate
        try:
            yield
        finally:
            self._wire.fate = None
            if fate.silent:
                self._waiting.wait(self._patience.silence)

    def close(self) -> None:
        self._session.close()

    def _new_session(self) -> requests.Session:
        session = super()._new_session()
        adapter = _LossyAdapter(self._wire)
        session.mount("http://", adapter)
        return session


class _LossyAdapter(NoticingAdapter):
    """Loses what is to be lost before the server."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        fate = self._wire.fate
        assert fate is not None, "a request is under way"
        for _ in fate.meets(K.NO_CONNECTION):
            raise requests.ConnectTimeout(of_urllib3.ConnectTimeoutError())
        for _ in fate.meets(K.REFUSED):
            assert request.url is not None
            before, _, behind = request.url.removeprefix("http://").partition("/")
            host = before.partition(":")[0]
            request.url = f"http://{host}:{self._wire.dead_port}/{behind}"
        try:
            return super().send(request, *args, **kwargs)
        except requests.ConnectionError as error:
            if not fate.silent:
                raise
            raise requests.ReadTimeout("it kept silent") from error


def named(method: str, path: str, params: Mapping[str, str]) -> tuple[str, str]:
    """What a request is called in the story: the method of the port that it is for, and whether it reads or writes."""
    rest = path.removeprefix("/v2/")
    match method:
        case "POST":
            return "submit", "write"
        case "PATCH":
            return "replace", "write"
        case "DELETE":
            return ("cancel_all" if rest in ("orders", "positions") else "cancel"), "write"
    if rest == "orders":
        return ("open_orders" if params.get("status", "open") == "open" else "order"), "read"
    if rest.startswith("orders"):
        return "order", "read"
    if rest.startswith("account/activities"):
        return "activities", "read"
    return rest.partition("/")[0], "read"
