"""Reads that are retried until they succeed or time runs out, and writes that are sent exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Literal
from urllib.parse import urlsplit

from tradebot.brokers.http.authorisation import Authorisation
from tradebot.brokers.http.client import Client, HttpRequest
from tradebot.brokers.http.rate_limit import MAX_WAIT, Pacing, retry_after, seconds_until_reset
from tradebot.brokers.http.response_meaning import ParsedResponse, Reading, ResponseClass
from tradebot.brokers.http.responses import Json, TransportError
from tradebot.brokers.http.timeouts import Pause, Timeouts
from tradebot.errors import BrokerUnavailable, OrderRefused, OutcomeUnknown
from tradebot.ports import Permit, SendGuard
from tradebot.settings.endpoints import Endpoint

WriteMethod = Literal["POST", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class _FailedAttempt:
    """An attempt to read that failed."""

    message: str
    wait: float | None = None  # seconds that the broker asks to wait, if it does
    permanent: bool = False  # a retry is useless


class ReadRefused(BrokerUnavailable):
    """A read that the broker understood and refused: a retry gives the same.

    code: the broker's own, or the HTTP status when it gives none.
    subscription: whether the data plan is the reason.
    """

    def __init__(self, code: str, message: str, *, subscription: bool) -> None:
        self.code = code
        self.subscription = subscription
        super().__init__(message)


class Api:
    """One endpoint, used with one set of credentials. For one thread at a time.

    A read is retried within ``timeouts.read_with_retries`` seconds; a write is sent once. After a read has failed, each
    later read makes a single attempt until one succeeds. A job ends with the first read that fails, so a command that
    loses its network ends within two minutes: one or two writes without a response, that read, and one more read of
    each service (``Timeouts`` has the figures). Only an emergency stop continues, for the time that it was given, and
    finishes its last look within a minute more.

    A request that was refused for its credentials had no effect. It is repeated once where newer ones are there.

    guard: what a write has to be permitted by right before its first byte.
    """

    def __init__(
        self,
        client: Client,
        authorisation: Authorisation,
        reading: Reading,
        pacing: Pacing,
        pause: Pause,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - a frozen value
        guard: SendGuard | None = None,
    ) -> None:
        self._endpoint = client.endpoint
        self._client = client
        self._authorisation = authorisation
        self._reading = reading
        self._pacing = pacing
        self._pause = pause
        self._timeouts = timeouts
        self._guard = guard
        self._last_read_failed = False

    @property
    def endpoint(self) -> Endpoint:
        """The service that requests are sent to."""
        return self._endpoint

    def read(self, path: str, params: Mapping[str, str] | None = None) -> Json:
        """The content of a GET. ``path`` begins with the version, as in "/v2/orders".

        Raises BrokerUnavailable when no readable response came, ReadRefused when the broker refused, and Blocked when
        it does not accept the credentials.
        """
        parsed = self._read(path, params)
        if parsed.meaning is ResponseClass.NOT_FOUND:
            raise self._refused(parsed)
        return parsed.content

    def read_or_none(self, path: str, params: Mapping[str, str] | None = None) -> Json | None:
        """As ``read``, and None when the broker itself says that the resource does not exist."""
        return self._read(path, params).content

    def read_link(self, url: str) -> Json:
        """As ``read``, of the absolute address of a next page. Raises BrokerUnavailable for one of another host too."""
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("")
        ours = urlsplit(self._endpoint.url)
        if (parts.scheme, parts.netloc) != (ours.scheme, ours.netloc) or not parts.path.startswith("/"):
            self._last_read_failed = True
            raise BrokerUnavailable(
                f"{self._endpoint.host} named {parts.netloc or 'no host'} for its next page. Nothing was taken from it."
            )
        return self.read(f"{parts.path}?{parts.query}" if parts.query else parts.path)

    def write(
        self, method: WriteMethod, path: str, body: Mapping[str, Any] | None = None, *, form: bool = False
    ) -> Json:
        """Send a request that has an effect, once. Return the content of the response, None for status 204.

        ``body`` is sent as JSON, or as a form. Raises OrderRefused (``reason``: the broker's code) when the broker
        refused, BrokerUnavailable when the request certainly had no effect, Blocked likewise when the credentials are
        not accepted, Locked likewise where another run has taken the account, and OutcomeUnknown otherwise.
        """
        self.wait_for_rate_limit()
        permit = self._guard.permit() if self._guard else None
        try:
            parsed, _ = self._request(HttpRequest(method, path, None, body, form), self._timeouts.response, permit)
        except TransportError as error:
            failure = f"{self._endpoint.host} {error.reason}"
            if error.sent:
                raise OutcomeUnknown(f"{failure}: the request was sent, and nobody knows what became of it.") from error
            raise BrokerUnavailable(f"{failure}: nothing was sent. {self._network_advice()}") from error
        match parsed.meaning:
            case ResponseClass.SUCCESS:
                return parsed.content
            case ResponseClass.REFUSED | ResponseClass.NOT_FOUND | ResponseClass.SUBSCRIPTION:
                raise OrderRefused(parsed.code, self._describe("refused", parsed))
            case ResponseClass.UNAUTHORIZED:
                raise self._authorisation.refusal(self._describe(f"does not accept {self._authorisation.noun}", parsed))
            case ResponseClass.RATE_LIMITED:
                raise BrokerUnavailable(self._describe("was asked too often and did nothing", parsed))
            case ResponseClass.SERVER_ERROR | ResponseClass.WRONG_SERVICE | ResponseClass.UNREADABLE:
                raise OutcomeUnknown(self._describe("was sent a request, and nobody knows what became of it", parsed))

    def _read(self, path: str, params: Mapping[str, str] | None) -> ParsedResponse:
        """A GET with its retries: SUCCESS with content, or NOT_FOUND."""
        deadline = self._pause.monotonic() + self._timeouts.read_with_retries
        attempts = 1 if self._last_read_failed else self._timeouts.attempts
        for attempt in count(1):
            self.wait_for_rate_limit()
            result = self._attempt_read(path, params, deadline - self._pause.monotonic())
            if isinstance(result, ParsedResponse):
                self._last_read_failed = False
                return result
            now = self._pause.monotonic()
            wait = self._timeouts.backoff * 2 ** (attempt - 1) if result.wait is None else result.wait
            wait = max(wait, self._pacing.delay(now))
            if result.permanent or attempt >= attempts or now + wait >= deadline:
                self._last_read_failed = True
                raise BrokerUnavailable(result.message)
            self._pause.sleep(wait)
        raise AssertionError  # the count has no end

    def _attempt_read(
        self, path: str, params: Mapping[str, str] | None, seconds: float
    ) -> ParsedResponse | _FailedAttempt:
        """One GET: its result, or why a retry may help."""
        try:
            parsed, wait = self._request(HttpRequest("GET", path, params), min(self._timeouts.response, seconds))
        except TransportError as error:
            message = f"{self._endpoint.host} {error.reason}. {self._network_advice()}"
            return _FailedAttempt(message, permanent=error.permanent)
        match parsed.meaning:
            case ResponseClass.SUCCESS if parsed.content is not None:
                return parsed
            case ResponseClass.NOT_FOUND:
                return parsed
            case ResponseClass.REFUSED | ResponseClass.SUBSCRIPTION:
                raise self._refused(parsed)
            case ResponseClass.UNAUTHORIZED:
                raise self._authorisation.refusal(self._describe(f"does not accept {self._authorisation.noun}", parsed))
            case ResponseClass.RATE_LIMITED:
                return _FailedAttempt(self._describe("was asked too often", parsed), wait)
            case ResponseClass.WRONG_SERVICE:
                return _FailedAttempt(self._describe("answered with something else", parsed), permanent=True)
            case ResponseClass.SUCCESS | ResponseClass.SERVER_ERROR | ResponseClass.UNREADABLE:
                return _FailedAttempt(self._describe("gave no usable answer", parsed), wait)

    def _request(
        self, request: HttpRequest, seconds: float, permit: Permit | None = None
    ) -> tuple[ParsedResponse, float | None]:
        """Send one request: the response, and the seconds that the broker asks to wait, if it does."""
        headers = self._authorisation.headers()
        parsed, wait = self._exchange(replace(request, headers=headers), seconds, permit)
        if parsed.meaning is ResponseClass.UNAUTHORIZED and self._authorisation.renew(headers):
            self.wait_for_rate_limit()
            return self._exchange(replace(request, headers=self._authorisation.headers()), seconds, permit)
        return parsed, wait

    def _exchange(
        self, request: HttpRequest, seconds: float, permit: Permit | None
    ) -> tuple[ParsedResponse, float | None]:
        self._pacing.count_request(self._pause.monotonic(), is_read=request.method == "GET")
        response = self._client.send(request, seconds, permit)
        parsed = self._reading(response, self._endpoint)
        wait = retry_after(response.headers)
        if wait is None and response.status == 429:
            wait = seconds_until_reset(response.headers)
        wait = parsed.wait if wait is None else wait
        asked = wait if parsed.meaning is ResponseClass.RATE_LIMITED else None
        self._pacing.update_from(response.headers, self._pause.monotonic(), asked)
        return parsed, wait

    def wait_for_rate_limit(self) -> None:
        """Wait until a request may be sent. Raises BrokerUnavailable where that is more than a command can wait."""
        delay = self._pacing.delay(self._pause.monotonic())
        if delay > MAX_WAIT:
            raise BrokerUnavailable(
                f"{self._endpoint.host} asks for {delay:.0f} seconds without a request. Nothing was sent. Run this "
                "again after that."
            )
        if delay > 0:
            self._pause.sleep(delay)

    def _refused(self, parsed: ParsedResponse) -> ReadRefused:
        message = self._describe("refused the question", parsed)
        return ReadRefused(parsed.code, message, subscription=parsed.meaning is ResponseClass.SUBSCRIPTION)

    def _describe(self, what: str, parsed: ParsedResponse) -> str:
        summary = f" ({parsed.summary})" if parsed.summary else ""
        return f"{self._endpoint.host} {what}{summary}. {parsed.advice}".rstrip()

    def _network_advice(self) -> str:
        return f"Check the network, and {self._endpoint.setting} if it is set."
