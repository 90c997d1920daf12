"""The HTTP server: connections in, answers out, one request at a time."""

from __future__ import annotations

import json
import socket
import struct
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread, current_thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.alpaca import routes
from tests.fakes.alpaca.house import House, Terms
from tests.fakes.alpaca.messages import Answer, Arrival, Refusal
from tradebot.brokers.paper import PaperExchange

#: A pair of keys in the form of those of a paper account.
KEY_ID = "PKFAKE7C1FCANARY0001"
SECRET_KEY = "fakesecret0000000000000000000000000000001"

OpenExchange = Callable[[], AbstractContextManager[PaperExchange]]


class FakeAlpaca:
    """Alpaca's trading and data hosts, both at ``url``, over an embedded exchange. Runs while it is entered.

    ``exchange`` gives a handle on the exchange to the thread that asks; each connection keeps one while it lasts.
    """

    def __init__(self, exchange: OpenExchange, *, terms: Terms | None = None, port: int = 0) -> None:
        self.house = House(terms or Terms())
        self.requests: list[Arrival] = []
        self.answers: list[Answer | None] = []
        self._exchange = exchange
        self._turn = Lock()
        self._port = port
        self._connections: dict[Thread, socket.socket] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        fake: FakeAlpaca = self

        class Handler(_Connection):
            served_by = fake

        self._server = _Server(("127.0.0.1", self._port), Handler)
        self._accepting = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.hang_up()

    def hang_up(self) -> None:
        """Close every connection, and wait until the exchange has been let go of."""
        for thread, connection in list(self._connections.items()):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            if thread is not current_thread():
                thread.join()

    def answer(self, arrival: Arrival, exchange: PaperExchange) -> Answer:
        """What Alpaca answers to a request, as it is and at once."""
        try:
            return routes.find(arrival).answer(self.house, exchange, arrival)
        except Refusal as refused:
            return refused.answer

    def serve(self, connection: _Connection, exchange: PaperExchange) -> None:
        """Read one request from a connection and answer it there."""
        with self._turn:
            arrival = connection.arrival(len(self.requests) + 1)
            self.requests.append(arrival)
            answer = self.answer(arrival, exchange)
            self.answers.append(answer)
            connection.send(answer)

    def holds(self, connection: socket.socket) -> None:
        self._connections[current_thread()] = connection

    def let_go(self) -> None:
        self._connections.pop(current_thread(), None)

    def exchange(self) -> AbstractContextManager[PaperExchange]:
        return self._exchange()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        traceback.print_exc()


class _Connection(BaseHTTPRequestHandler):
    """One connection, in a thread of its own, with a handle on the exchange of its own."""

    served_by: FakeAlpaca
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        self._held = ExitStack()
        self.served_by.holds(self.connection)
        self._open: PaperExchange | None = None

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
        self._held.close()
        self.served_by.let_go()

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def _serve(self) -> None:
        if self._open is None:
            self._open = self._held.enter_context(self.served_by.exchange())
        self.served_by.serve(self, self._open)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve

    def arrival(self, number: int) -> Arrival:
        asked = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length) if length else b""
        return Arrival(
            number=number,
            method=self.command,
            path=asked.path,
            query=dict(parse_qsl(asked.query, keep_blank_values=True)),
            headers=dict(self.headers),
            body=json.loads(raw) if raw else None,
        )

    def send(self, answer: Answer, headers: Mapping[str, str] | None = None) -> None:
        """Everything in one write."""
        raw = b""
        if answer.text is not None:
            raw = answer.text.encode()
        elif answer.body is not None:
            raw = json.dumps(answer.body, separators=(",", ":")).encode()
        self.send_response(answer.status)
        for name, value in {**answer.headers, **(headers or {})}.items():
            self.send_header(name, value)
        if raw:
            self.send_header("Content-Type", answer.content_type)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
        self.wfile.flush()

    def reset(self) -> None:
        """Break the connection off without a word: the other end sees a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, *said: Any) -> None:
        pass
