"""Repeated entries of one strategy into one symbol: the figures that the limit on them compares."""

from __future__ import annotations

from dataclasses import dataclass

from tradebot.core.model.limits import Limits
from tradebot.core.model.orders import Side


@dataclass(frozen=True, slots=True)
class EntryKey:
    """What repeated entries have in common."""

    strategy: str
    symbol: str
    side: Side


@dataclass(frozen=True, slots=True)
class Repetition:
    """The newest filled entries of one EntryKey since the strategy was last resumed."""

    entries: int  # at most repeat_order_limit of them
    sessions: int  # from the first to the last of these entries, both counted
    recent: int = 0  # of these entries, within the repeat_order_sessions that end with the present one

    def breaks(self, limits: Limits) -> bool:
        """Whether there are too many entries within too few sessions."""
        return self.entries >= limits.repeat_order_limit and self.sessions <= limits.repeat_order_sessions
