"""How often a strategy entered one symbol in a row: the figures behind the limit on repeated entries."""

from __future__ import annotations

from dataclasses import dataclass

from tradebot.core.model.limits import Limits
from tradebot.core.model.orders import Side


@dataclass(frozen=True, slots=True)
class EntryKey:
    """Whose decision an entry is: a strategy that trades one symbol on one side."""

    strategy: str
    symbol: str
    side: Side


@dataclass(frozen=True, slots=True)
class Repetition:
    """The newest filled entries of a decider since a person last re-enabled it: how many, within how many sessions.

    Never more of them than ``repeat_order_limit``; both the first and the last session count.
    """

    entries: int
    sessions: int

    def breaks(self, limits: Limits) -> bool:
        return self.entries >= limits.repeat_order_limit and self.sessions <= limits.repeat_order_sessions
