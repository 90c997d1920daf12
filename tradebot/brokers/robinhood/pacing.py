"""The pace of requests to Robinhood: a gap between any two, and silence for as long as it asks for.

No page says what Robinhood allows. Five requests a second are said to be safe; refusals name the seconds to wait, in
Retry-After or in their text (captured).
"""

from __future__ import annotations

from collections.abc import Mapping


class RequestGap:
    """At least ``gap`` seconds between two requests; implements Pacing. One for each process, for all of the hosts.

    An emergency stop (``urgent``) keeps no gap before the first read that follows its cancels: until then every request
    is one that finds or ends an order. The silence that Robinhood asks for holds there too.
    """

    def __init__(self, gap: float, *, urgent: bool = False) -> None:
        self._gap = gap
        self._urgent = urgent
        self._has_written = False
        self._next = float("-inf")
        self._silent_until = float("-inf")

    def delay(self, now: float) -> float:
        """Seconds until the next request may be sent; 0 if it may be sent now."""
        gap_ends = float("-inf") if self._urgent else self._next
        return max(0.0, gap_ends - now, self._silent_until - now)

    def count_request(self, now: float, *, is_read: bool) -> None:
        """Count a request that is being sent."""
        self._next = now + self._gap
        if is_read and self._has_written:
            self._urgent = False
        self._has_written = self._has_written or not is_read

    def update_from(self, headers: Mapping[str, str], now: float, wait: float | None) -> None:
        """Keep silent for the seconds that a response asks for."""
        if wait is not None:
            self._silent_until = max(self._silent_until, now + wait)


class TokenPace:
    """The pace of requests for tokens: that of all others, and none of them is a cancel; implements Pacing."""

    def __init__(self, of_all: RequestGap) -> None:
        self._of_all = of_all

    def delay(self, now: float) -> float:
        """Seconds until the next request may be sent; 0 if it may be sent now."""
        return self._of_all.delay(now)

    def count_request(self, now: float, *, is_read: bool) -> None:
        """Count a request that is being sent."""
        self._of_all.count_request(now, is_read=True)

    def update_from(self, headers: Mapping[str, str], now: float, wait: float | None) -> None:
        """Keep silent for the seconds that a response asks for."""
        self._of_all.update_from(headers, now, wait)
