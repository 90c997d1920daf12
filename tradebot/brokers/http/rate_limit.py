"""How many requests a minute a broker is asked, by its own rule and by what it says."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

#: No answer makes anybody wait longer for the allowance: Alpaca's window is a minute.
LONGEST = 60.0


class RateLimiter:
    """At most ``most`` requests within any ``window`` seconds, and none while the host says that none remain.

    One for each host and account: whoever talks to the same one shares it. What other processes spend of the same
    allowance is known only from the answers (X-RateLimit-Remaining and -Reset,
    https://docs.alpaca.markets/docs/usage-limit-api-calls). Instants are those of ``Pause.monotonic``.
    """

    def __init__(self, most: int = 200, window: float = 60.0) -> None:
        self._most = most
        self._window = window
        self._sent: deque[float] = deque(maxlen=most)
        self._none_before = float("-inf")

    def delay(self, now: float) -> float:
        """Seconds to wait before the next request may be sent; 0 for none."""
        full = len(self._sent) == self._most
        free = self._sent[0] + self._window if full else float("-inf")
        return max(0.0, free - now, self._none_before - now)

    def spend(self, now: float) -> None:
        """A request is being sent."""
        self._sent.append(now)

    def told(self, headers: Mapping[str, str], now: float) -> None:
        """What an answer said of the allowance."""
        if headers.get("X-RateLimit-Remaining", "").strip() != "0":
            return
        wait = seconds_until_reset(headers)
        if wait is not None:
            self._none_before = now + wait


def seconds_until_reset(headers: Mapping[str, str]) -> float | None:
    """How long until the allowance is renewed, by the host's own clock; None when the answer does not say."""
    said = headers.get("X-RateLimit-Reset", "").strip()
    sent = _instant(headers.get("Date", ""))
    if not said.isascii() or not said.isdigit() or len(said) > 12 or sent is None:
        return None
    return min(max(float(said) - sent.timestamp(), 0.0), LONGEST)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The pause that Retry-After asks for, in seconds or as a date (RFC 9110, 10.2.3); None when it asks for none."""
    said = headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit() and len(said) <= 9:
        return float(said)
    then, sent = _instant(said), _instant(headers.get("Date", ""))
    if then is None or sent is None:
        return None
    return max((then - sent).total_seconds(), 0.0)


def _instant(text: str) -> datetime | None:
    """An HTTP date; None when it is none."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
