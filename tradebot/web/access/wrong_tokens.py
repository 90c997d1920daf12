"""Wrong tokens: their answer waits longer each time, by source, and many of them are an alert.

A right token is never slowed: every token is looked up at once, and only the answer to a wrong one waits.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

#: Seconds that the answer to the first wrong token waits; it doubles with each, up to the most.
_FIRST_WAIT, _MOST_WAIT = 0.25, 8.0
#: Seconds after which a source's wrong tokens are forgotten.
_FORGOTTEN = 900.0
#: Answers that wait at the same time; the others are refused at once, so that waiting takes no connection from anybody.
_MOST_WAITING = 16
#: Wrong tokens from one source that are an alert.
_ALERT_AT = 5
_MOST_SOURCES = 1024


@dataclass(slots=True)
class _Source:
    wrong: int
    last: float


@dataclass(frozen=True, slots=True)
class Penalty:
    """What follows from a wrong token."""

    wait: float  # seconds until its answer
    wrong: int  # wrong tokens of this source so far
    is_logged: bool  # whether the log tells of it: of the first ones, and of every hundredth
    is_alert: bool  # whether the operator is told now


class WrongTokens:
    """Counts wrong tokens by source. ``now``: seconds that never go back."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._sources: OrderedDict[str, _Source] = OrderedDict()
        self._waiting = 0

    def add(self, source: str) -> Penalty:
        """Count a wrong token."""
        now = self._now()
        known = self._sources.pop(source, None)
        wrong = known.wrong + 1 if known and now - known.last < _FORGOTTEN else 1
        self._sources[source] = _Source(wrong, now)
        if len(self._sources) > _MOST_SOURCES:
            self._sources.popitem(last=False)
        wait = min(_FIRST_WAIT * 2.0 ** min(wrong - 1, 10), _MOST_WAIT)
        is_hundredth = wrong % 100 == 0
        return Penalty(wait, wrong, wrong <= _ALERT_AT or is_hundredth, wrong == _ALERT_AT or is_hundredth)

    def begin_wait(self) -> bool:
        """Take a place among the answers that wait; False if there is none."""
        if self._waiting >= _MOST_WAITING:
            return False
        self._waiting += 1
        return True

    def end_wait(self) -> None:
        """Give the place back."""
        self._waiting -= 1
