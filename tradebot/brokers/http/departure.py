"""Whether a request left: known for certain, because the connection asks before it writes the first byte.

A request that never left can be called a failure and forgotten; of one that left and got no answer, nobody knows.
The kind of an error does not tell the two apart (a reset can come before and after), so it is noted where it happens.
"""

from __future__ import annotations

from contextlib import suppress
from contextvars import ContextVar
from socket import SHUT_RDWR, socket
from threading import Lock
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class CalledOff(Exception):
    """Nobody waits for this request any longer, so it does not leave."""


class Departure:
    """One request on its way out: it leaves, or it is called off, and never both."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._socket: socket | None = None
        self._called_off = False

    @property
    def left(self) -> bool:
        return self._socket is not None

    def leave(self, by: socket) -> None:
        """The first byte is about to be written. Raises CalledOff."""
        with self._lock:
            if self._called_off:
                raise CalledOff
            self._socket = by

    def call_off(self) -> bool:
        """See to it that it never leaves; False when it has left already."""
        with self._lock:
            self._called_off = self._socket is None
            return self._called_off

    def hang_up(self) -> None:
        """Nobody waits for the answer any longer, and so the thread that does is not to either."""
        if self._socket is not None:
            with suppress(OSError):  # it may have ended by itself just now
                socket.shutdown(self._socket, SHUT_RDWR)  # of the socket itself: TLS would write a farewell


#: The request that the running thread is sending.
current: ContextVar[Departure] = ContextVar("departure")


class _PlainConnection(HTTPConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        current.get().leave(self.sock)
        super().request(*args, **kwargs)


class _TlsConnection(HTTPSConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        current.get().leave(self.sock)
        super().request(*args, **kwargs)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _PlainPool, "https": _TlsPool}


class NoticingAdapter(HTTPAdapter):
    """What requests are sent through; it tries each once, and every one of them notes its departure."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
