"""Real servers on this machine that take alerts: one for mail, one for HTTP."""

from __future__ import annotations

import json
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(frozen=True)
class Mail:
    """One mail as the server took it."""

    sender: str
    to: tuple[str, ...]
    subject: str
    text: str


@dataclass
class MailServer:
    """An SMTP server. ``logins`` are the users and passwords that were given; ``refuse`` answers mails with 451."""

    port: int
    mails: list[Mail] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    refuse: bool = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuse:
            return "451 not today"
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        text = message.get_content() if not message.is_multipart() else str(message.get_body())
        mail = Mail(str(envelope.mail_from), tuple(envelope.rcpt_tos), str(message["Subject"]), text)
        self.mails.append(mail)
        return "250 taken"

    def authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        self.logins.append((given.login.decode(), given.password.decode()))
        return AuthResult(success=True)


@contextmanager
def mail_server(*, login: bool = False) -> Iterator[MailServer]:
    """A mail server for as long as the context lasts; with ``login`` it takes nothing without one."""
    server = MailServer(free_port())
    how: dict[str, Any] = {}
    if login:
        how = {"authenticator": server.authenticate, "auth_require_tls": False, "auth_required": True}
    controller = Controller(server, hostname="127.0.0.1", port=server.port, ready_timeout=120, **how)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it warns of a login in the clear, which stays on this machine
        controller.start()
    try:
        yield server
    finally:
        controller.stop()


@dataclass
class HttpServer:
    """An HTTP server that takes JSON. ``answer`` is the status that it gives."""

    port: int
    posts: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    answer: int = 200

    @property
    def titles(self) -> list[str]:
        return [post["title"] for post in self.posts]


@contextmanager
def http_server() -> Iterator[HttpServer]:
    """An HTTP server for as long as the context lasts."""
    taken = HttpServer(0)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if taken.answer == 200:
                taken.posts.append(json.loads(body))
                taken.paths.append(self.path)
            self.send_response(taken.answer)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    taken.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class SilentServer:
    """A port that takes connections and never answers."""

    listening: socket.socket

    @property
    def port(self) -> int:
        port: int = self.listening.getsockname()[1]
        return port

    def connections(self) -> int:
        """The number of connections that were made since this was asked last."""
        self.listening.setblocking(False)
        for number in count():
            try:
                self.listening.accept()[0].close()
            except BlockingIOError:
                return number
        raise AssertionError


@contextmanager
def silent_server() -> Iterator[SilentServer]:
    """A silent server for as long as the context lasts."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listening:
        yield SilentServer(listening)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
