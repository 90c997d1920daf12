"""Real servers on this machine that take alerts: one for mail, one for HTTP."""

from __future__ import annotations

import json
import socket
import ssl
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

#: Key and certificate of localhost, 127.0.0.1 and mail.example.com, made for these tests, for 2020 to 2119.
CERTIFICATE = Path(__file__).parents[1] / "fixtures" / "mail_server.pem"


@dataclass(frozen=True)
class Mail:
    """One mail as the server took it."""

    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    encrypted: bool  # by STARTTLS
    message: EmailMessage


@dataclass
class MailServer:
    """An SMTP server. ``logins`` are the users and passwords that were given; ``refuse`` answers mails with 451."""

    port: int
    mails: list[Mail] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)  # how the logins were given
    refuse: bool = False
    refused: tuple[str, ...] = ()  # recipients that are refused with 550
    password: str | None = None  # None: every password is right
    greetings: list[str] = field(default_factory=list)  # the names that clients gave

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.greetings.append(hostname)
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if address in self.refused:
            return "550 5.1.1 nobody of this name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refuse:
            return "451 not today"
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        text = message.get_content() if not message.is_multipart() else str(message.get_body())
        to = tuple(envelope.rcpt_tos)
        encrypted = session.ssl is not None
        self.mails.append(Mail(str(envelope.mail_from), to, str(message["Subject"]), text, encrypted, message))
        return "250 taken"

    def authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        self.logins.append((given.login.decode(), given.password.decode()))
        self.methods.append(mechanism)
        if self.password in (None, given.password.decode()):
            return AuthResult(success=True)
        said = f"535 5.7.8 Username and Password not accepted. You sent {given.password.decode('ascii', 'replace')}"
        return AuthResult(success=False, handled=False, message=said)


@contextmanager
def mail_server(
    *,
    login: bool = False,
    starttls: bool = False,
    tls: bool = False,
    methods: Sequence[str] = ("PLAIN", "LOGIN"),
    host: str = "127.0.0.1",
) -> Iterator[MailServer]:
    """A mail server for as long as the context lasts.

    login: whether it takes nothing without a login, by one of ``methods``.
    starttls: whether it offers STARTTLS, and a login only after it.
    tls: whether it speaks TLS from the start.
    """
    server = MailServer(free_port(host))
    how: dict[str, Any] = {}
    if login:
        excluded = {"PLAIN", "LOGIN"}.difference(methods)
        how = {"authenticator": server.authenticate, "auth_require_tls": starttls, "auth_required": True}
        how["auth_exclude_mechanism"] = excluded
    if starttls:
        how["tls_context"] = _tls_context()
    if tls:
        how["ssl_context"] = _tls_context()
    controller = Controller(server, hostname=host, port=server.port, ready_timeout=120, **how)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it warns of a login in the clear, which stays on this machine
        controller.start()
    try:
        yield server
    finally:
        controller.stop()


def _tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


@contextmanager
def scripted_mail_server(*answers: str) -> Iterator[int]:
    """The port of a mail server that takes one client and answers each of its lines with the next of ``answers``.

    The first answer is the greeting. After the last one it closes the connection.
    """

    def serve() -> None:
        with suppress(OSError):
            client, _ = listening.accept()
            with client, client.makefile("rb") as lines:
                for answer in answers:
                    client.sendall(f"{answer}\r\n".encode())
                    if not lines.readline():
                        return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
    thread.join()


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


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listening:
        port: int = listening.getsockname()[1]
        return port
