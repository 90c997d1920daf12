"""One request through alpaca-py's client, made to end.

The client as it comes waits for ever, and repeats requests that have an effect.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from http.client import HTTPException
from socket import SHUT_RDWR, gaierror, socket
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlencode

from alpaca.common.rest import RESTClient
from requests import PreparedRequest, Session
from requests import exceptions as of_requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3 import exceptions as of_urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from tradebot.brokers.http.responses import HttpResponse, TransportError
from tradebot.brokers.http.timeouts import Timeouts
from tradebot.settings.alpaca_urls import Endpoint, Keys

#: No honest answer is larger; a wrong address may lead to one without end.
MOST_BYTES = 64_000_000
_PIECE = 65_536


class Client(RESTClient):
    """Sends requests to one place with one set of keys, each exactly once. For one thread at a time.

    Of alpaca-py come the headers, the session and how address and parameters are written. Redirects are not followed.
    A proxy and certificates that the environment names are used, except towards this machine itself; ~/.netrc is not.
    """

    def __init__(self, place: Endpoint, keys: Keys, patience: Timeouts) -> None:
        super().__init__(place.url, keys.key_id, keys.secret, raw_data=True)
        self._place = place
        self._patience = patience
        self._retry = 0
        self._session = self._new_session()

    def exchange(
        self, method: str, path: str, params: Mapping[str, str] | None, body: Mapping[str, Any] | None, seconds: float
    ) -> HttpResponse:
        """The whole answer to one request, within ``seconds``. ``path`` begins with the version. Raises NoAnswer.

        It is sent from a thread of its own, because nothing else ends a slow look-up of a name, or an answer that
        arrives a byte at a time. Whoever is given up on before anything left, never sends.
        """
        version, _, rest = path.removeprefix("/").partition("/")
        address = f"/{rest}?{urlencode(params)}" if params else f"/{rest}"
        departure = InFlight()
        came: list[HttpResponse | Exception] = []

        def work() -> None:
            current.set(departure)
            try:
                came.append(self._request(method, address, body, api_version=version))  # type: ignore[arg-type]  # ours
            except Exception as error:  # noqa: BLE001 - whoever waits for it raises it again
                came.append(error)

        thread = Thread(target=work, name="request", daemon=True)
        thread.start()
        leaving = min(self._patience.leaving, seconds)
        thread.join(leaving)
        if not came and departure.call_off():
            raise self._given_up(f"could not be reached within {leaving:.3g} seconds", left=False)
        thread.join(seconds - leaving)
        if not came:
            departure.hang_up()
            raise self._given_up(f"gave no whole answer within {seconds:.3g} seconds", left=True)
        if isinstance(came[0], Exception):
            raise transport_error_text(came[0], departure.left, self._patience) from came[0]
        return came[0]

    def _one_request(self, method: str, url: str, opts: dict[str, Any], retry: int) -> Any:
        timeout = (self._patience.connect, self._patience.silence)
        with self._session.request(method, url, **opts, timeout=timeout, stream=True, auth=_as_it_is) as response:
            body = bytearray()
            for piece in response.iter_content(_PIECE):
                body += piece
                if len(body) > MOST_BYTES:
                    raise TooLarge
            return HttpResponse(response.status_code, response.headers, bytes(body))

    def _given_up(self, why: str, *, left: bool) -> TransportError:
        self._session = self._new_session()  # the other one is still in use
        return TransportError(why, left=left)

    def _new_session(self) -> Session:
        session = Session()
        session.trust_env = not self._place.loopback
        adapter = NoticingAdapter()
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    """The keys are in the headers already; without this, requests would look into ~/.netrc for others."""
    return request


class CalledOff(Exception):
    """Nobody waits for this request any longer, so it does not leave."""


class InFlight:
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
current: ContextVar[InFlight] = ContextVar("departure")


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


_OF_THE_NETWORK = (of_requests.RequestException, of_urllib3.HTTPError, HTTPException, OSError)
_CERTIFICATE = (
    "shows a certificate that is not to be trusted: the name is misspelt, this machine's clock is wrong, or somebody "
    "in between opens what passes"
)


class TooLarge(Exception):
    """An answer larger than any honest one."""


def transport_error_text(error: Exception, left: bool, patience: Timeouts) -> TransportError:
    """The trouble that an error of the network means. Raises any other error again, for that is a mistake of ours."""
    if isinstance(error, TooLarge):
        return TransportError("answered with more than any honest answer holds", left=left, lasting=True)
    if not isinstance(error, _OF_THE_NETWORK):
        raise error
    causes = tuple(_causes(error))
    for kind, words, lasting in (
        (of_requests.ProxyError, "cannot be reached through the proxy that the environment names", False),
        (gaierror, "cannot be found: the name is misspelt, or this machine has no network", False),
        (ssl.SSLCertVerificationError, _CERTIFICATE, True),
        (ssl.SSLError, "does not speak TLS as it should", False),
        (ConnectionRefusedError, "refused the connection", False),
        (of_urllib3.ConnectTimeoutError, f"did not take the connection within {patience.connect:g} seconds", False),
        (of_urllib3.ReadTimeoutError, f"was silent for {patience.silence:g} seconds", False),
        (TimeoutError, f"was silent for {patience.silence:g} seconds", False),
        (of_urllib3.IncompleteRead, "broke off in the middle of its answer", False),
        (of_requests.ChunkedEncodingError, "broke off in the middle of its answer", False),
        ((ConnectionResetError, BrokenPipeError, ConnectionAbortedError, HTTPException), "hung up", False),
    ):
        if any(isinstance(cause, kind) for cause in causes):
            return TransportError(words, left=left, lasting=lasting)
    reason = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), None)
    return TransportError(f"cannot be reached ({reason or type(error).__name__})", left=left)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what is wrapped in it, each once."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        found = waiting.pop(0)
        if isinstance(found, BaseException) and id(found) not in seen:
            seen.add(id(found))
            yield found
            waiting += [*found.args, getattr(found, "reason", None), found.__cause__, found.__context__]
