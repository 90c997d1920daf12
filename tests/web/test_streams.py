"""Clients that are many or slow, against a server in this process: streams are capped, and a stop still begins."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.responses import PlainTextResponse

from tests.web.test_app import site_of
from tradebot.core.results.web_access import Scope
from tradebot.web import server
from tradebot.web.access.visitors import Reader, Stopper
from tradebot.web.app import make_app
from tradebot.web.site import Site
from tradebot.web.streams import MOST_STREAMS, EventStream, Streams


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
    """The application with a stream that never ends, a response of ten megabytes, and a stop."""
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

    @app.post("/test/stop")
    async def stop(visitor: Stopper) -> PlainTextResponse:
        return PlainTextResponse("begun")

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
    server._allow_more_files()
    with ExitStack() as stack:
        slowest, longest = 0.0, 0.0
        streams = []
        for number in range(500):
            streams.append(stack.enter_context(closing(inside.request(f"{inside.head('GET', '/test/ticks')}\r\n"))))
            if number % 50 == 49:
                asked, at = time.process_time(), time.monotonic()
                with closing(inside.request(f"{inside.head('POST', '/test/stop')}\r\n")) as stop:
                    assert stop.recv(100).startswith(b"HTTP/1.1 200")
                slowest, longest = max(slowest, time.process_time() - asked), max(longest, time.monotonic() - at)
        statuses = [stream.recv(12) for stream in streams]
    assert (statuses.count(b"HTTP/1.1 200"), statuses.count(b"HTTP/1.1 503")) == (MOST_STREAMS, 500 - MOST_STREAMS)
    assert slowest < 1, "of this process's time, which other processes of the machine do not add to"
    assert longest < 20
    until = time.monotonic() + 20
    while inside.site.streams.open and time.monotonic() < until:
        time.sleep(0.02)
    assert inside.site.streams.open == 0, "the places are given back"


def test_a_stream_ends_with_its_token_and_with_the_server(home: Path) -> None:
    with running(home) as inside:
        stream = inside.request(f"{inside.head('GET', '/test/ticks')}\r\n")
        assert b"tick" in _until(stream, b"tick")
        short = inside.request(f"{inside.head('GET', '/test/ticks?seconds=0.02')}\r\n")
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
        with closing(inside.request(f"{inside.head('POST', '/test/stop')}\r\n", 5)) as stop:
            assert stop.recv(100).startswith(b"HTTP/1.1 200")
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
