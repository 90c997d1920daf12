"""Reads that are tried until they succeed or patience ends, and writes that are sent once and never again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal

from tradebot.brokers.http.client import Client
from tradebot.brokers.http.rate_limit import RateLimiter, retry_after, seconds_until_reset
from tradebot.brokers.http.response_meaning import ParsedResponse, ResponseClass, parse_response
from tradebot.brokers.http.responses import Json, TransportError
from tradebot.brokers.http.timeouts import Pause, Timeouts
from tradebot.errors import Blocked, BrokerUnavailable, OrderRefused, OutcomeUnknown
from tradebot.settings.alpaca_urls import Endpoint, Keys

Writing = Literal["POST", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class _InVain:
    """A try to read that failed: ``wait`` is the pause that the broker asks for, ``lasting`` that no pause helps."""

    words: str
    wait: float | None = None
    lasting: bool = False


class Declined(BrokerUnavailable):
    """A read that the broker understood and said no to: asking again gives the same.

    ``code`` is the broker's own, or the status when it gives none; ``subscription`` whether it is about the data plan.
    """

    def __init__(self, code: str, message: str, *, subscription: bool) -> None:
        self.code = code
        self.subscription = subscription
        super().__init__(message)


class Api:
    """One host, asked with one set of keys. For one thread at a time.

    A read is tried again while it is worth it, within ``patience.reading`` seconds; a write is sent once. After a read
    was given up, each later one is tried once only until one succeeds. A job ends with the first read that is denied
    to it, so a command that loses its network on the way ends within two minutes: a write or two that nobody saw
    answered, that read, and one more look at each service (``Timeouts`` has the figures). Only an emergency stop goes
    on asking, for the time that it was given and, since a last look is looked to its end, a minute more at most.
    """

    def __init__(
        self,
        place: Endpoint,
        keys: Keys,
        pace: RateLimiter,
        pause: Pause,
        patience: Timeouts = Timeouts(),  # noqa: B008 - a frozen value
    ) -> None:
        self._place = place
        self._client = Client(place, keys, patience)
        self._pace = pace
        self._pause = pause
        self._patience = patience
        self._given_up = False

    @property
    def place(self) -> Endpoint:
        return self._place

    def read(self, path: str, params: Mapping[str, str] | None = None) -> Json:
        """The content of a GET. ``path`` begins with the version, as in "/v2/orders".

        Raises BrokerUnavailable when no readable answer came, Declined when the broker said no, and Blocked when it is
        about the keys.
        """
        found = self._read(path, params)
        if found.meaning is ResponseClass.ABSENT:
            raise self._declined(found)
        return found.content

    def read_or_none(self, path: str, params: Mapping[str, str] | None = None) -> Json | None:
        """As ``read``, and None when the broker itself says that there is no such thing."""
        return self._read(path, params).content

    def write(
        self,
        method: Writing,
        path: str,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Json:
        """Send something that has an effect, once; the content of the answer, None when it has none (204).

        Raises OrderRefused (``reason``: the broker's code) when the broker said no, BrokerUnavailable when it certainly
        had no effect, Blocked likewise when it is about the keys, and OutcomeUnknown whenever nobody can tell.
        """
        self._await_allowance()
        try:
            found, _ = self._ask(method, path, params, body, self._patience.answer)
        except TransportError as trouble:
            said = f"{self._place.host} {trouble.why}"
            if trouble.left:
                raise OutcomeUnknown(f"{said}: the request was sent, and nobody knows what became of it.") from trouble
            raise BrokerUnavailable(f"{said}: nothing was sent. {self._check()}") from trouble
        match found.meaning:
            case ResponseClass.GOOD:
                return found.content
            case ResponseClass.REFUSED | ResponseClass.ABSENT | ResponseClass.SUBSCRIPTION:
                raise OrderRefused(found.code, self._told("refused", found))
            case ResponseClass.KEYS:
                raise Blocked(self._told("does not accept the keys", found))
            case ResponseClass.BUSY:
                raise BrokerUnavailable(self._told("was asked too often and did nothing", found))
            case ResponseClass.FAILING | ResponseClass.ELSEWHERE | ResponseClass.GARBLED:
                raise OutcomeUnknown(self._told("was sent a request, and nobody knows what became of it", found))

    def _read(self, path: str, params: Mapping[str, str] | None) -> ParsedResponse:
        """What a GET found: GOOD with content, or ABSENT."""
        end = self._pause.monotonic() + self._patience.reading
        tries = 1 if self._given_up else self._patience.tries
        for number in count(1):
            self._await_allowance()
            found = self._try_to_read(path, params, end - self._pause.monotonic())
            if isinstance(found, ParsedResponse):
                self._given_up = False
                return found
            now = self._pause.monotonic()
            wait = self._patience.backoff * 2 ** (number - 1) if found.wait is None else found.wait
            wait = max(wait, self._pace.delay(now))
            if found.lasting or number >= tries or now + wait >= end:
                self._given_up = True
                raise BrokerUnavailable(found.words)
            self._pause.sleep(wait)
        raise AssertionError  # the count has no end

    def _try_to_read(self, path: str, params: Mapping[str, str] | None, seconds: float) -> ParsedResponse | _InVain:
        """One try: what was found, or why it may be worth another."""
        try:
            found, wait = self._ask("GET", path, params, None, min(self._patience.answer, seconds))
        except TransportError as trouble:
            return _InVain(f"{self._place.host} {trouble.why}. {self._check()}", lasting=trouble.lasting)
        match found.meaning:
            case ResponseClass.GOOD if found.content is not None:
                return found
            case ResponseClass.ABSENT:
                return found
            case ResponseClass.REFUSED | ResponseClass.SUBSCRIPTION:
                raise self._declined(found)
            case ResponseClass.KEYS:
                raise Blocked(self._told("does not accept the keys", found))
            case ResponseClass.BUSY:
                return _InVain(self._told("was asked too often", found), wait)
            case ResponseClass.ELSEWHERE:
                return _InVain(self._told("answered with something else", found), lasting=True)
            case ResponseClass.GOOD | ResponseClass.FAILING | ResponseClass.GARBLED:
                return _InVain(self._told("gave no usable answer", found), wait)

    def _ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        seconds: float,
    ) -> tuple[ParsedResponse, float | None]:
        """What one request found, and how long the broker wants to be left alone, if it says."""
        self._pace.spend(self._pause.monotonic())
        answer = self._client.exchange(method, path, params, body, seconds)
        self._pace.told(answer.headers, self._pause.monotonic())
        wait = retry_after(answer.headers)
        if wait is None and answer.status == 429:
            wait = seconds_until_reset(answer.headers)
        return parse_response(answer, self._place), wait

    def _await_allowance(self) -> None:
        delay = self._pace.delay(self._pause.monotonic())
        if delay > 0:
            self._pause.sleep(delay)

    def _declined(self, found: ParsedResponse) -> Declined:
        message = self._told("refused the question", found)
        return Declined(found.code, message, subscription=found.meaning is ResponseClass.SUBSCRIPTION)

    def _told(self, what: str, found: ParsedResponse) -> str:
        says = f" ({found.says})" if found.says else ""
        return f"{self._place.host} {what}{says}. {found.advice}".rstrip()

    def _check(self) -> str:
        return f"Check the network, and {self._place.setting} if it is set."
