"""Clients that are many or slow, against a server in this process: streams are capped, and a stop still begins."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse

from tests.web.test_app import site_of
from tradebot.core.results.web_access import Scope
from tradebot.errors import ExitCode
from tradebot.home import locks
from tradebot.web import server
from tradebot.web.access.visitors import Reader
from tradebot.web.app import make_app
from tradebot.web.site import Site
from tradebot.web.streams import MOST_STREAMS, EventStream, Streams

CLOSE = "Connection: close\r\n"
WALL = datetime(2026, 11, 2, 14, 30, tzinfo=UTC)


@dataclass
class Inside:
    """A server in a thread of this process."""

    site: Site
    port: int
    token: str

    def request(self, text: str, seconds: float = 20) -> socket.socket:
        """A connection on which a request was sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=seconds)
        connection.sendall(text.encode())
        return connection

    def head(self, method: str, path: str) -> str:
        return f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}\r\n"


def app_of(site: Site) -> FastAPI:
    """The application with a stream that never ends, and a response of ten megabytes."""
    app = make_app(site)

    async def ticks(seconds: float) -> AsyncIterator[str]:
        while True:
            yield "data: tick\n\n"
            await asyncio.sleep(seconds)

    @app.get("/test/ticks")
    async def stream(visitor: Reader, seconds: float = 60) -> EventStream:
        return EventStream(site.streams, ticks(seconds), lambda: site.access.still_holds(visitor.grant))

    @app.get("/test/large")
    async def large(visitor: Reader) -> PlainTextResponse:
        return PlainTextResponse("x" * 10_000_000)

    return app


@contextmanager
def running(home: Path) -> Iterator[Inside]:
    """Such a server, until the block ends."""
    site = site_of(home)
    listening = server.listen("127.0.0.1", 0)
    ready = threading.Event()
    served = server.server_of(site, app_of(site), ready.set)
    thread = threading.Thread(target=served.run, args=([listening],), daemon=True)
    port: Any = listening.getsockname()[1]
    thread.start()
    try:
        assert ready.wait(60)
        yield Inside(site, port, site.access.new_token(f"{time.monotonic()}", Scope.ACT, None))
    finally:
        served.should_exit = True
        thread.join(60)
        assert not thread.is_alive()


@pytest.fixture
def inside(home: Path) -> Iterator[Inside]:
    with running(home) as found:
        yield found


def test_a_stop_begins_within_a_second_while_five_hundred_streams_are_asked_for(inside: Inside) -> None:
    """The stop is at work until the job has ended, so that those who ask while more streams come attach to it."""
    server._allow_more_files()
    home = Path(inside.site.homes.own)
    with ExitStack() as stack:
        stack.enter_context(locks.home_lock(home, command="run-daily", wall=WALL))
        streams, begun = [], []
        for number in range(500):
            path = "/events" if number % 2 else "/test/ticks"
            streams.append(stack.enter_context(closing(inside.request(f"{inside.head('GET', path)}\r\n"))))
            if number % 100 == 99:
                begun.append(stop_of(inside))
        statuses = [stream.recv(12) for stream in streams]
        assert (statuses.count(b"HTTP/1.1 200"), statuses.count(b"HTTP/1.1 503")) == (MOST_STREAMS, 500 - MOST_STREAMS)
        begun.append(stop_of(inside))
        assert [each.is_new for each in begun] == [True] + [False] * 5
        assert len({each.action for each in begun}) == 1
        assert max(each.spent for each in begun) < 1, begun  # of this process's time: the machine's others add none
        assert max(each.waited for each in begun) < 20, begun
        stop = inside.site.actions.find(home, begun[0].action)
        assert stop is not None
        until(lambda: any("Waiting until another job" in line for line in stop.lines()), "it is at work")
    until(lambda: not stop.is_running, "it ends with the job")
    outcome = stop.outcome()
    assert outcome is not None
    assert outcome.exit_code is ExitCode.OK, outcome
    until(lambda: not inside.site.streams.open, "the places are given back")


@dataclass(frozen=True)
class BegunStop:
    """What was answered to a stop, and the seconds that it took: of this process, and of the clock."""

    action: str
    is_new: bool
    spent: float
    waited: float


def stop_of(inside: Inside) -> BegunStop:
    """Post a stop, as a phone does."""
    spent, at = time.process_time(), time.monotonic()
    with closing(inside.request(f"{inside.head('POST', '/api/stop_trading?wait=0')}{CLOSE}\r\n")) as asked:
        head, _, body = _rest(asked).partition(b"\r\n\r\n")
    spent, waited = time.process_time() - spent, time.monotonic() - at
    assert head.startswith(b"HTTP/1.1 202"), head + body
    told = json.loads(body)
    return BegunStop(told["action"], told["is_new"], spent, waited)


def until(holds: Callable[[], object], what: str) -> None:
    """Wait for what has to come true."""
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_a_stream_ends_with_its_token_and_with_the_server(home: Path) -> None:
    with running(home) as inside:
        stream = inside.request(f"{inside.head('GET', '/test/ticks')}\r\n")
        assert b"tick" in _until(stream, b"tick")
        short = inside.request(f"{inside.head('GET', '/test/ticks?seconds=0.02')}{CLOSE}\r\n")
        assert b"tick" in _until(short, b"tick")
        (token,) = inside.site.access.tokens()
        inside.site.access.revoke_token(token.name)
        assert _rest(short).endswith(b"0\r\n\r\n")
        begun = time.monotonic()
    assert time.monotonic() - begun < 5, "it does not hold the server up"
    assert stream.recv(100) in (b"", b"0\r\n\r\n")
    for each in (stream, short):
        each.close()


def _until(connection: socket.socket, wanted: bytes) -> bytes:
    got = b""
    while wanted not in got and (more := connection.recv(4096)):
        got += more
    return got


def test_slow_clients_are_hung_up_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.4)
    monkeypatch.setattr(server, "TAKE_SECONDS", 0.4)
    with running(home) as inside:
        silent = inside.request("")
        halfway = inside.request("GET /healthz HTTP/1.1\r\nHost: loc")
        again = inside.request("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"ok\n" in _until(again, b"ok\n")
        again.sendall(b"GET /healthz HTTP/1.1\r\nHo")
        drip = inside.request("GET /healthz HTTP/1.1\r\nX: ")
        taker = inside.request(f"{inside.head('GET', '/test/large')}\r\n")
        begun = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() - begun < 10:  # one byte at a time makes the time no longer
                time.sleep(0.05)
                drip.sendall(b"a")
        assert time.monotonic() - begun < 5
        for slow in (silent, halfway, again, drip):
            with suppress(ConnectionError):
                assert slow.recv(100) == b""
        time.sleep(0.5)
        assert len(_rest(taker)) < 10_000_000, "what is not taken is not kept"
        for each in (silent, halfway, again, drip, taker):
            each.close()


def _rest(connection: socket.socket) -> bytes:
    got = bytearray()
    with suppress(ConnectionError):
        while more := connection.recv(65536):
            got += more
    return bytes(got)


def test_idle_connections_make_room_for_those_that_ask(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 20)
    with running(home) as inside, ExitStack() as stack:
        crowd = [stack.enter_context(closing(inside.request(""))) for _ in range(60)]
        with closing(inside.request(f"{inside.head('GET', '/test/large')}\r\n", 5)) as asked:
            assert asked.recv(100).startswith(b"HTTP/1.1 200")
        with suppress(ConnectionError):
            assert crowd[0].recv(10) == b"", "the oldest went first"


def test_the_places_are_counted() -> None:
    streams = Streams(2)
    assert [streams.enter() for _ in range(3)] == [True, True, False]
    streams.leave()
    assert streams.enter()
    streams.leave()
    streams.closing.set()
    assert not streams.enter(), "the server ends"
