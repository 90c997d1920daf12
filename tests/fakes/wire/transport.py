"""The transport for tests that do not want to wait: what is silence on the wire is a time-out at once.

Mounted on a session in place of its adapter, it asks the fake beforehand what a request will meet. A connection that is
refused really is; one that is not taken, and an answer that never comes, raise what they would after their time.
"""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any

from requests import ConnectTimeout, PreparedRequest, ReadTimeout, Response
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, ReadTimeoutError

from tests.fakes.wire.faults import Kind

if TYPE_CHECKING:
    from tests.fakes.wire.server import FakeServer

TICKET, OUTCOME = "X-Fake-Ticket", "X-Fake-Outcome"
SILENCE = "silence"


def transport_of(fake: FakeServer, base: type[HTTPAdapter]) -> type[HTTPAdapter]:
    """An adapter like ``base`` for sessions that talk to ``fake``."""

    class Transport(base):  # type: ignore[valid-type, misc]  # a class that the caller chooses
        def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
            fault, ticket = fake.announce(request.method or "GET", request.path_url)
            if fault is not None and fault.kind is Kind.REFUSED:
                request.url = (request.url or "").replace(fake.url, f"http://127.0.0.1:{_nobody_listens()}", 1)
                return super().send(request, *args, **kwargs)  # type: ignore[no-any-return]
            if fault is not None and fault.kind is Kind.CONNECT_TIMEOUT:
                slow = ConnectTimeoutError(None, "timed out")
                raise ConnectTimeout(MaxRetryError(None, request.url or "", slow), request=request)  # type: ignore[arg-type]
            request.headers[TICKET] = ticket
            response: Response = super().send(request, *args, **kwargs)
            if response.headers.get(OUTCOME) == SILENCE:
                response.close()
                raise ReadTimeout(ReadTimeoutError(None, request.url or "", "Read timed out."), request=request)  # type: ignore[arg-type]
            return response

    return Transport


def _nobody_listens() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
