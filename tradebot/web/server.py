"""Runs the server: its sockets, its limits on connections, and its end.

^C and SIGTERM end it: no new connection is taken, event streams end at once, and requests get some seconds to finish.
What it started goes on: the commands are processes of their own.
"""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tradebot.web.app import make_app

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tradebot.web.site import Site

#: Connections at the same time. Beyond them the one that has waited longest without a request is hung up on.
MOST_CONNECTIONS = 256
#: Seconds for the head of a request, between two requests of a connection, and for requests when the server ends.
HEAD_SECONDS, IDLE_SECONDS, END_SECONDS = 10.0, 15, 20
#: Seconds for a client to take what it is sent.
TAKE_SECONDS = 30.0
#: Files and sockets that the process may open, where the system lets it.
_MOST_FILES = 4096
#: Bytes of a request's head.
_MOST_HEAD = 32 * 1024
_BACKLOG = 256
#: Objects between two collections: those of Python itself. A short command has more, and would keep them here for good.
_COLLECTED_EVERY = (700, 10, 10)
_FIRST_PASSED = 3  # the number of the first socket that systemd passes


def run(site: Site, sockets: Sequence[socket.socket], ready: Callable[[], None] = lambda: None) -> None:
    """Serve until a signal comes, and raise what the handler of the signal raises.

    ready: called once it answers.
    """
    _allow_more_files()
    server_of(site, make_app(site), ready).run(list(sockets))


def server_of(site: Site, app: FastAPI, ready: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """The server of an application."""
    gc.set_threshold(*_COLLECTED_EVERY)
    tls = site.settings.web_tls_paths
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http=_Connection,
        ws="none",
        log_config=None,
        log_level="error",  # it warns of every request that is no HTTP
        access_log=False,  # a log of ours holds no URL
        server_header=False,
        proxy_headers=False,  # the guard reads them, of proxies that it knows
        backlog=_BACKLOG,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=END_SECONDS,
        h11_max_incomplete_event_size=_MOST_HEAD,
        ssl_certfile=tls[0] if tls else None,
        ssl_keyfile=str(tls[1]) if tls else None,
    )
    return _Server(config, site, ready)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises OSError where the address or the port cannot be had."""
    family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, number)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def passed_sockets(environ: Mapping[str, str], pid: int) -> list[socket.socket]:
    """The sockets that systemd passes to this process, if any (sd_listen_fds(3))."""
    if environ.get("LISTEN_PID") != str(pid) or not environ.get("LISTEN_FDS", "").isdigit():
        return []
    return [socket.socket(fileno=_FIRST_PASSED + number) for number in range(int(environ["LISTEN_FDS"]))]


def _allow_more_files() -> None:
    """Let the process open more sockets than the few that some systems begin with."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # Windows has none

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(_MOST_FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class _Server(uvicorn.Server):
    """A server that ends its event streams first."""

    def __init__(self, config: uvicorn.Config, site: Site, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._site = site
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End."""
        self._site.streams.closing.set()
        await super().shutdown(sockets)


class _Connection(H11Protocol):
    """A connection whose client has to send the head of a request, and to take the answer, in time."""

    _head: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None
    _made_at = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(transport)
        self._made_at = self.loop.time()
        self._await_head()
        if len(self.connections) > MOST_CONNECTIONS:
            self._hang_up_on_oldest()

    def data_received(self, data: bytes) -> None:
        """Take what the client sends. The time for a head runs from its first byte."""
        if self._head is None and self._is_idle():
            self._await_head()
        super().data_received(data)
        if not self._is_idle():
            self._end_wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._end_wait()
        self._end_taking()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not take what it is sent."""
        self._taking = self.loop.call_later(TAKE_SECONDS, self.transport.abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        """It takes it again."""
        self._end_taking()
        super().resume_writing()

    def _end_taking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def _await_head(self) -> None:
        self._head = self.loop.call_later(HEAD_SECONDS, self._hang_up)

    def _end_wait(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _hang_up(self) -> None:
        self._head = None
        if self._is_idle() and not self.transport.is_closing():
            self.transport.abort()

    def _hang_up_on_oldest(self) -> None:
        """Make room: end the oldest connection without a request, which may be this one."""
        idle = [each for each in self.connections if isinstance(each, _Connection) and each._is_idle()]
        min(idle, key=lambda each: each._made_at)._hang_up()
