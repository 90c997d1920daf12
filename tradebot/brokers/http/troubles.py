"""Why no answer came, in words."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from http.client import HTTPException
from socket import gaierror

from requests import exceptions as of_requests
from urllib3 import exceptions as of_urllib3

from tradebot.brokers.http.responses import NoAnswer
from tradebot.brokers.http.timeouts import Patience

_OF_THE_NETWORK = (of_requests.RequestException, of_urllib3.HTTPError, HTTPException, OSError)
_CERTIFICATE = (
    "shows a certificate that is not to be trusted: the name is misspelt, this machine's clock is wrong, or somebody "
    "in between opens what passes"
)


class TooLarge(Exception):
    """An answer larger than any honest one."""


def why_none(error: Exception, left: bool, patience: Patience) -> NoAnswer:
    """The trouble that an error of the network means. Raises any other error again, for that is a mistake of ours."""
    if isinstance(error, TooLarge):
        return NoAnswer("answered with more than any honest answer holds", left=left, lasting=True)
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
            return NoAnswer(words, left=left, lasting=lasting)
    reason = next((cause.strerror for cause in causes if isinstance(cause, OSError) and cause.strerror), None)
    return NoAnswer(f"cannot be reached ({reason or type(error).__name__})", left=left)


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
