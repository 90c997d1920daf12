"""Who is let in: those with the right keys, and no more often than their allowance is."""

from __future__ import annotations

from collections import deque
from time import monotonic, time

from tests.fakes.alpaca.house import Terms
from tests.fakes.wire.messages import Answer, Arrival

_MINUTE = 60.0
_ALLOWANCE = 200  # requests a minute, as Alpaca has it


class Door:
    """Counts the requests of the last minute, by the machine's own clock."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._let_in: deque[float] = deque()

    def bars(self, arrival: Arrival) -> Answer | None:
        """The answer to somebody who is not let in; None for one who is."""
        keys, allowance = self._terms.keys, self._terms.allowance
        headers = {name.lower(): value for name, value in arrival.headers.items()}
        given = (headers.get("apca-api-key-id", ""), headers.get("apca-api-secret-key", ""))
        if not all(given) or (keys is not None and given != keys):
            return Answer(401, {"message": "unauthorized."})
        now = monotonic()
        while self._let_in and self._let_in[0] <= now - _MINUTE:
            self._let_in.popleft()
        if allowance is not None and len(self._let_in) >= allowance:
            return Answer(429, {"code": 42910000, "message": "rate limit exceeded"})
        self._let_in.append(now)
        return None

    def allowance(self) -> dict[str, str]:
        """The headers that tell how much may still be asked; without a limit it is never used up."""
        allowance = self._terms.allowance
        left = _ALLOWANCE - 1 if allowance is None else max(allowance - len(self._let_in), 0)
        told = {"Limit": allowance or _ALLOWANCE, "Remaining": left, "Reset": int(time() + _MINUTE)}
        return {f"X-RateLimit-{name}": str(number) for name, number in told.items()}
