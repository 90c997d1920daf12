"""Sockets: where requests are read and answers written."""

from __future__ import annotations

import json
import select
import socket
import struct
import sys
import traceback
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread, current_thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.wire.messages import Answer, Arrival

if TYPE_CHECKING:
    from tests.fakes.wire.server import FakeServer
    from tradebot.brokers.paper import PaperExchange


class Listener:
    """The place where the fake is reached. It keeps its port when it is closed and opened again."""

    def __init__(self, fake: FakeServer, port: int) -> None:
        self._fake = fake
        self._port = port
        self._server: _Server | None = None
        self._open: dict[Thread, socket.socket] = {}
        self.closing = Event()
        self.errors: list[BaseException] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def open(self) -> None:
        self.closing.clear()
        served_by, listener = self._fake, self

        class Handler(Connection):
            fake = served_by
            listens = listener

        self._server = _Server(("127.0.0.1", self._port), Handler)
        self._server.errors = self.errors
        self._port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        """Stop listening, close every connection, and wait until each has let go of the exchange."""
        if self._server is None:
            return
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._server = None
        for thread, connection in list(self._open.items()):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            if thread is not current_thread():
                thread.join()

    def holds(self, connection: socket.socket) -> None:
        self._open[current_thread()] = connection

    def lets_go(self) -> None:
        self._open.pop(current_thread(), None)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    errors: list[BaseException]

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        assert error is not None, "it is asked to handle one"
        self.errors.append(error)
        traceback.print_exc()


class Connection(BaseHTTPRequestHandler):
    """One connection, in a thread of its own, with a handle on the exchange of its own."""

    fake: FakeServer
    listens: Listener
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        self.listens.holds(self.connection)
        self._held = ExitStack()
        self._exchange: PaperExchange | None = None

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()
        self._held.close()
        self.listens.lets_go()

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def _serve(self) -> None:
        if self._exchange is None:
            self._exchange = self._held.enter_context(self.fake.open_exchange())
        self.fake.serve(self, self._exchange)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve

    def arrival(self, number: int) -> Arrival:
        """The request that has come in."""
        asked = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length) if length else b""
        return Arrival(
            number=number,
            method=self.command,
            path=asked.path,
            query=dict(parse_qsl(asked.query, keep_blank_values=True)),
            headers=dict(self.headers),
            body=self._body(raw),
        )

    def _body(self, raw: bytes) -> Any:
        """What a form or JSON says; None where there is nothing."""
        if raw and "form-urlencoded" in self.headers.get("Content-Type", ""):
            return dict(parse_qsl(raw.decode(), keep_blank_values=True))
        return json.loads(raw) if raw else None

    def send(self, answer: Answer, headers: Mapping[str, str] | None = None) -> None:
        """Everything in one write."""
        raw = _raw(answer)
        self._head(answer, len(raw), headers or {})
        self.wfile.write(raw)
        self.wfile.flush()

    def send_half(self, answer: Answer, headers: Mapping[str, str] | None = None) -> None:
        """The head and half of the body, and the connection is gone."""
        raw = _raw(answer)
        self._head(answer, len(raw) or 2, headers or {})
        self.wfile.write(raw[: len(raw) // 2])
        self.wfile.flush()
        self.close_connection = True

    def reset(self) -> None:
        """Break off without a word: the other end sees a reset."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def wait_until_given_up(self) -> None:
        """Say nothing until the other end hangs up."""
        self.close_connection = True
        while not self.listens.closing.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.02)
            if readable:
                return

    def _head(self, answer: Answer, length: int, headers: Mapping[str, str]) -> None:
        self.send_response(answer.status)
        for name, value in {**headers, **answer.headers}.items():
            self.send_header(name, value)
        if length:
            self.send_header("Content-Type", answer.content_type)
        if answer.status != 204:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *said: Any) -> None:
        pass


def _raw(answer: Answer) -> bytes:
    if answer.text is not None:
        return answer.text.encode()
    return b"" if answer.body is None else json.dumps(answer.body, separators=(",", ":")).encode()
