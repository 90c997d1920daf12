"""What a strategy says, once it has been read into plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Action(StrEnum):
    ENTER = "enter"
    EXIT = "exit"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ExitPolicy:
    """How a strategy leaves a position. Every field is a fraction of a price (0.01 is 1 %), or a count of sessions.

    ``stop`` lies below the entry price; None means the account's default. ``target`` lies above it; None means no
    target, or the account's default with ``use_default_target``. Once the price has gained ``trail_trigger``, the stop
    follows ``trail_offset`` below the highest price seen; both None means no trailing. ``max_sessions`` closes the
    position at that age. For a short, below and above change places.
    """

    stop: Decimal | None = None
    target: Decimal | None = None
    trail_trigger: Decimal | None = None
    trail_offset: Decimal | None = None
    max_sessions: int | None = None
    use_default_target: bool = False


@dataclass(frozen=True, slots=True)
class Signal:
    """One strategy's word on one symbol after the close of ``as_of``. A higher ``score`` is served first."""

    strategy: str
    symbol: str
    as_of: date
    action: Action
    score: float
    policy: ExitPolicy
    reason: str
    fingerprint: str = ""  # version and content hash of the strategy that said it
    risk_pct: Decimal | None = None  # a smaller risk per trade than the account's, never a larger one
