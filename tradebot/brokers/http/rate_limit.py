"""The rate limit of a host: our own count of requests, and what the host reports."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

#: The longest wait that a response can ask for, in seconds: Alpaca's window is a minute.
MAX_WAIT = 60.0


class Pacing(Protocol):
    """How fast requests to a host and account may follow each other. ``now`` is always ``Pause.monotonic``."""

    def delay(self, now: float) -> float:
        """Seconds until the next request may be sent; 0 if it may be sent now."""
        ...

    def count_request(self, now: float, *, is_read: bool) -> None:
        """Count a request that is being sent."""
        ...

    def update_from(self, headers: Mapping[str, str], now: float, wait: float | None) -> None:
        """Apply what a response reports; ``wait``: seconds for which it asks to be left alone, None if it does not."""
        ...


class RateLimiter:
    """At most ``max_requests`` within any ``window`` seconds, and none while the host reports that none remain.

    One for each host and account, shared by everything that sends requests to it. Requests of other processes are
    known only from the responses (X-RateLimit-Remaining and -Reset,
    https://docs.alpaca.markets/docs/usage-limit-api-calls). Implements Pacing.
    """

    def __init__(self, max_requests: int = 200, window: float = 60.0) -> None:
        self._max_requests = max_requests
        self._window = window
        self._sent_at: deque[float] = deque(maxlen=max_requests)
        self._blocked_until = float("-inf")

    def delay(self, now: float) -> float:
        """Seconds until the next request may be sent; 0 if it may be sent now."""
        is_full = len(self._sent_at) == self._max_requests
        window_ends = self._sent_at[0] + self._window if is_full else float("-inf")
        return max(0.0, window_ends - now, self._blocked_until - now)

    def count_request(self, now: float, *, is_read: bool) -> None:
        """Count a request that is being sent."""
        self._sent_at.append(now)

    def update_from(self, headers: Mapping[str, str], now: float, wait: float | None) -> None:
        """Apply the remaining allowance that a response reports, which says more than ``wait``."""
        if headers.get("X-RateLimit-Remaining", "").strip() != "0":
            return
        wait = seconds_until_reset(headers)
        if wait is not None:
            self._blocked_until = now + wait


def seconds_until_reset(headers: Mapping[str, str]) -> float | None:
    """Seconds until the allowance is renewed, by the host's own clock; None if the response does not say."""
    reset = headers.get("X-RateLimit-Reset", "").strip()
    sent = _http_date(headers.get("Date", ""))
    if not reset.isascii() or not reset.isdigit() or len(reset) > 12 or sent is None:
        return None
    return min(max(float(reset) - sent.timestamp(), 0.0), MAX_WAIT)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that Retry-After asks for, given as seconds or as a date (RFC 9110, 10.2.3); None without the header."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit() and len(value) <= 9:
        return float(value)
    retry_at, sent = _http_date(value), _http_date(headers.get("Date", ""))
    if retry_at is None or sent is None:
        return None
    return max((retry_at - sent).total_seconds(), 0.0)


def _http_date(text: str) -> datetime | None:
    """An HTTP date as an aware instant; None for any other text."""
    try:
        parsed = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
