"""A server on this machine that does with each request what a test tells it to."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: The server's clock: 2026-11-22 15:00:00 UTC.
SERVER_TIME = 1795359600


@dataclass(frozen=True)
class Reply:
    """An answer to send."""

    status: int = 200
    content: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None  # instead of ``content``
    kind: str = "application/json"
    date: int | None = SERVER_TIME


@dataclass(frozen=True)
class Seen:
    """A request that arrived; ``headers`` by their lower-case names."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


#: What the server does with a request: it answers, or takes the connection in its own hands.
Deed = Reply | Callable[["Conversation"], None]


class Conversation(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits for the acknowledgement of its own head
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1

    def _meet(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append(Seen(self.command, self.path, headers, body))
        deed = self.server.deeds.pop(0) if self.server.deeds else self.server.usual
        if isinstance(deed, Reply):
            self.give(deed)
        else:
            self.close_connection = True
            deed(self)

    do_GET = do_POST = do_PATCH = do_DELETE = _meet

    def give(self, reply: Reply) -> None:
        body = json.dumps(reply.content).encode() if reply.body is None else reply.body
        if reply.status == 204:
            body = b""
        self.send_response_only(reply.status)
        if reply.date is not None:
            self.send_header("Date", formatdate(reply.date, usegmt=True))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def say(self, text: bytes) -> None:
        """Write as it stands, whatever HTTP thinks of it."""
        self.wfile.write(text)
        self.wfile.flush()

    def reset(self) -> None:
        """Break the connection off, as a cable that is cut and a peer that crashed do."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def wait(self) -> None:
        """Be silent until the test is over."""
        self.server.over.wait(10)

    def finish(self) -> None:
        with contextlib.suppress(OSError):  # it was reset, or the client is gone, as was wanted
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Does the next of ``deeds`` for each request, then the ``usual`` one."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.connections = 0
        self.seen: list[Seen] = []
        self.deeds: list[Deed] = []
        self.usual: Deed = Reply(content={})
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that went away in the middle is what some tests are about


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """A server at work."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def closed_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port
