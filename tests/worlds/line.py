"""The line of one process to a broker over HTTP: each request is one step, and meets its fate there.

The process waits while the server works, so that one thread runs at a time and a seed always tells the same story.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import requests

from tests.worlds.fates import Fate, fate_of
from tests.worlds.faults import FaultKind, Io, of_kind
from tests.worlds.venue import Venue
from tradebot.brokers.http.client import Client, HttpRequest, TrackingAdapter
from tradebot.brokers.http.responses import HttpResponse
from tradebot.brokers.http.timeouts import Timeouts
from tradebot.brokers.paper import PaperExchange
from tradebot.core.model.orders import OrderRequest
from tradebot.ports import Permit
from tradebot.settings.endpoints import Endpoint

if TYPE_CHECKING:
    from tests.worlds.fated import FatedServer
    from tests.worlds.witness import Witness

#: What a request is called in the story, by its method, its path and its parameters: the method of the port that it is
#: for, and whether it reads or writes.
Naming = Callable[[str, str, Mapping[str, str]], tuple[str, str]]
#: What an honest answer may take for real, however long it takes in the world.
_FOR_REAL = 60.0


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
        self,
        server: FatedServer,
        endpoint: Endpoint,
        naming: Naming,
        timeouts: Timeouts,
        pause: WorldPause,
        witness: Witness,
    ) -> None:
        self._server = server
        self._naming = naming
        self._waiting = pause
        self._witness = witness
        self._leaving: tuple[OrderRequest, str | None] | None = None
        self._has_left = False
        super().__init__(endpoint, timeouts)

    def send(self, request: HttpRequest, seconds: float, permit: Permit | None = None) -> HttpResponse:
        pause, (call, kind) = self._waiting, self._naming(request.method, request.path, request.params or {})
        if kind == "write" and self._leaving is not None:
            order, replacing = self._leaving
            if self._has_left:
                self._witness.leaves_again(order)
            self._witness.order_leaves(pause.exchange, order, replacing)
            self._has_left = True
        struck = pause.io.step(call, kind)
        self._witness.called(call)
        fate = fate_of(call, struck, pause.io, self._witness, longest=min(seconds, self._timeouts.idle))
        pause.wait(fate.takes)
        pause.venue.happen(pause.exchange)
        with self._server.awaiting(fate):
            try:
                answer = super().send(request, _FOR_REAL, permit)
            finally:
                pause.wait(self._in_vain(fate))
        for fault in of_kind(struck, FaultKind.KILL_AFTER):
            pause.io.die(fault, call)
        return answer

    @contextmanager
    def carrying(self, order: OrderRequest, replacing: str | None) -> Iterator[None]:
        """A writing request carries this order meanwhile, to the place of the one with the id ``replacing``."""
        self._leaving, self._has_left = (order, replacing), False
        try:
            yield
        finally:
            self._leaving = None

    def close(self) -> None:
        self._session.close()

    def _in_vain(self, fate: Fate) -> float:
        """Seconds for which the process waited for an answer that did not come."""
        if fate.never_connects:
            return self._timeouts.connect
        return self._timeouts.idle if fate.stays_silent else 0.0

    def _new_session(self) -> requests.Session:
        session = super()._new_session()
        session.mount("http://", self._server.transport(TrackingAdapter)())
        return session
