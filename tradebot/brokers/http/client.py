"""One request, with an end. Sessions of requests alone have no time limit for a whole response."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.client import HTTPException
from socket import SHUT_RDWR, gaierror, socket
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import urlencode

from requests import PreparedRequest, Session
from requests import exceptions as requests_errors
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3 import exceptions as urllib3_errors
from urllib3.connection import HTTPConnection, HTTPSConnection

from tradebot.brokers.http.responses import HttpResponse, TransportError
from tradebot.brokers.http.timeouts import Timeouts
from tradebot.ports import Permit
from tradebot.settings.endpoints import Endpoint

#: The largest body that is read. A wrong address may send one without end.
MAX_BYTES = 64_000_000
_CHUNK = 65_536
#: Why a request was not sent although nothing was wrong with the connection.
TOO_LATE = "was not sent the request, whose time was over before its first byte could leave"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request to an endpoint. ``repr`` shows neither headers nor body, which hold secrets."""

    method: str
    path: str  # begins with a slash
    params: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    form: bool = False  # whether the body is sent as a form instead of JSON
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Client:
    """Sends each request to one endpoint exactly once. For one thread at a time.

    Redirects are not followed. A proxy and certificates named by the environment are used, except for this machine
    itself; ~/.netrc is not read.
    """

    def __init__(self, endpoint: Endpoint, timeouts: Timeouts) -> None:
        self._endpoint = endpoint
        self._timeouts = timeouts
        self._session = self._new_session()

    @property
    def endpoint(self) -> Endpoint:
        """The service that requests are sent to."""
        return self._endpoint

    def send(self, request: HttpRequest, seconds: float, permit: Permit | None = None) -> HttpResponse:
        """Send a request and return its complete response within ``seconds``. Raises TransportError.

        The request runs in a thread of its own, because nothing else ends a slow name resolution, or a response that
        arrives a byte at a time. If the time-out fires before the first byte is written, the request is cancelled and
        guaranteed not to be sent. So it is where ``permit`` is refused once the connection stands, or has ended by the
        first byte; raises what ``permit`` raises.
        """
        sending = InFlight(permit)
        outcome: list[HttpResponse | Exception] = []

        def work() -> None:
            in_flight.set(sending)
            try:
                outcome.append(self._transmit(request))
            except Exception as error:  # noqa: BLE001 - raised again by the thread that waits
                outcome.append(error)
            finally:
                sending.stands.set()

        thread = Thread(target=work, name="request", daemon=True)
        thread.start()
        send_limit = min(self._timeouts.send, seconds)
        if permit is not None:
            self._confirm(sending, permit, send_limit)
        thread.join(send_limit)
        if not outcome and sending.cancel():
            raise self._timed_out(f"could not be reached within {send_limit:.3g} seconds", sent=False)
        thread.join(seconds - send_limit)
        if not outcome:
            sending.abort()
            raise self._timed_out(f"gave no whole answer within {seconds:.3g} seconds", sent=True)
        if isinstance(outcome[0], Exception):
            raise as_transport_error(outcome[0], sending.is_sent, self._timeouts) from outcome[0]
        return outcome[0]

    def _confirm(self, sending: InFlight, permit: Permit, send_limit: float) -> None:
        """Let a request go on from where its connection stands, if it is permitted then."""
        stands = sending.stands.wait(max(0.0, min(send_limit, permit.seconds_left())))
        try:
            if stands:
                permit.confirm()
            else:
                sending.cancel()  # one that stands a moment later would leave unconfirmed
        except BaseException:
            sending.cancel()
            self._session = self._new_session()  # the thread of the old one may still use it
            raise
        finally:
            sending.confirmed.set()
        if (not stands or permit.seconds_left() <= 0) and sending.cancel():
            raise self._timed_out(TOO_LATE, sent=False)

    def _transmit(self, request: HttpRequest) -> HttpResponse:
        address = f"{self._endpoint.url}{request.path}"
        if request.params:
            address = f"{address}?{urlencode(request.params)}"
        with self._session.request(
            request.method,
            address,
            headers=dict(request.headers),
            data=request.body if request.form else None,
            json=None if request.form else request.body,
            timeout=(self._timeouts.connect, self._timeouts.idle),
            stream=True,
            allow_redirects=False,
            auth=_no_login,
        ) as response:
            body = bytearray()
            for chunk in response.iter_content(_CHUNK):
                body += chunk
                if len(body) > MAX_BYTES:
                    raise ResponseTooLarge
            return HttpResponse(response.status_code, response.headers, bytes(body))

    def _timed_out(self, reason: str, *, sent: bool) -> TransportError:
        self._session = self._new_session()  # the thread of the old one may still use it
        return TransportError(reason, sent=sent)

    def _new_session(self) -> Session:
        session = Session()
        session.trust_env = not self._endpoint.loopback
        adapter = TrackingAdapter()
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session


def _no_login(request: PreparedRequest) -> PreparedRequest:
    """Leave the request as it is, with its own headers. Without this, requests reads a login from ~/.netrc."""
    return request


class RequestCancelled(Exception):
    """The request was cancelled before its first byte was written."""


class InFlight:
    """A request that has been started. It is either sent or cancelled, never both.

    stands: set once the connection stands, or the request has ended without one.
    confirmed: set once the permit was asked for.
    """

    def __init__(self, permit: Permit | None) -> None:
        self.stands, self.confirmed = Event(), Event()
        self._permit = permit
        self._lock = Lock()
        self._socket: socket | None = None
        self._cancelled = False

    @property
    def is_sent(self) -> bool:
        """Whether the first byte may have been written."""
        return self._socket is not None

    def begin_sending(self, through: socket) -> None:
        """Mark the request as sent, before its first byte is written. Raises RequestCancelled."""
        self.stands.set()
        if self._permit is not None:
            self.confirmed.wait()
        with self._lock:
            if self._permit is not None and self._permit.seconds_left() <= 0:
                self._cancelled = True
            if self._cancelled:
                raise RequestCancelled
            self._socket = through

    def cancel(self) -> bool:
        """Prevent the request from being sent; False if it is sent already."""
        with self._lock:
            self._cancelled = self._socket is None
            return self._cancelled

    def abort(self) -> None:
        """Close the connection, so that the thread that waits for the response ends."""
        if self._socket is not None:
            with suppress(OSError):  # the connection may have ended by itself just now
                socket.shutdown(self._socket, SHUT_RDWR)  # of the socket itself: TLS would send a closing message


#: The request that the running thread sends.
in_flight: ContextVar[InFlight] = ContextVar("in_flight")


class _PlainConnection(HTTPConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        in_flight.get().begin_sending(self.sock)
        super().request(*args, **kwargs)


class _TlsConnection(HTTPSConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is None:
            self.connect()
        in_flight.get().begin_sending(self.sock)
        super().request(*args, **kwargs)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _PlainPool, "https": _TlsPool}


class TrackingAdapter(HTTPAdapter):
    """Sends each request once, and records in ``in_flight`` that it is sent."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use connections that record the sending."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Use connections that record the sending, through a proxy as well."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


_NETWORK_ERRORS = (requests_errors.RequestException, urllib3_errors.HTTPError, HTTPException, OSError)
_CERTIFICATE = (
    "shows a certificate that is not to be trusted: the name is misspelt, this machine's clock is wrong, or somebody "
    "in between opens what passes"
)


class ResponseTooLarge(Exception):
    """The body is larger than MAX_BYTES."""


def as_transport_error(error: Exception, sent: bool, timeouts: Timeouts) -> TransportError:
    """Translate an error of the network. Any other error is a bug, and is raised again."""
    if isinstance(error, RequestCancelled):
        return TransportError(TOO_LATE, sent=False)
    if isinstance(error, ResponseTooLarge):
        return TransportError("answered with more than any honest answer holds", sent=sent, permanent=True)
    if not isinstance(error, _NETWORK_ERRORS):
        raise error
    causes = tuple(_causes(error))
    for kind, reason, permanent in (
        (requests_errors.ProxyError, "cannot be reached through the proxy that the environment names", False),
        (gaierror, "cannot be found: the name is misspelt, or this machine has no network", False),
        (ssl.SSLCertVerificationError, _CERTIFICATE, True),
        (ssl.SSLError, "does not speak TLS as it should", False),
        (ConnectionRefusedError, "refused the connection", False),
        (
            urllib3_errors.ConnectTimeoutError,
            f"did not take the connection within {timeouts.connect:g} seconds",
            False,
        ),
        (urllib3_errors.ReadTimeoutError, f"was silent for {timeouts.idle:g} seconds", False),
        (TimeoutError, f"was silent for {timeouts.idle:g} seconds", False),
        (urllib3_errors.IncompleteRead, "broke off in the middle of its answer", False),
        (requests_errors.ChunkedEncodingError, "broke off in the middle of its answer", False),
        ((ConnectionResetError, BrokenPipeError, ConnectionAbortedError, HTTPException), "hung up", False),
    ):
        if any(isinstance(cause, kind) for cause in causes):
            return TransportError(reason, sent=sent, permanent=permanent)
    system_error = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), None)
    return TransportError(f"cannot be reached ({system_error or type(error).__name__})", sent=sent)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and every error wrapped in it, each once."""
    seen: set[int] = set()
    queue: list[object] = [error]
    while queue:
        current = queue.pop(0)
        if isinstance(current, BaseException) and id(current) not in seen:
            seen.add(id(current))
            yield current
            queue += [*current.args, getattr(current, "reason", None), current.__cause__, current.__context__]
