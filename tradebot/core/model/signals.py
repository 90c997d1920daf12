"""Signals of strategies and the exit policies that they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Action(StrEnum):
    """What a strategy wants done with a symbol."""

    ENTER = "enter"
    EXIT = "exit"
    NONE = "none"


#: The largest target, a fraction of the entry price. A larger one is a slip of the strategy, not a price to wait for.
MAX_TARGET = Decimal(1000)


def is_stop(fraction: Decimal) -> bool:
    """Whether a stop can lie at this fraction of the entry price."""
    return fraction.is_finite() and 0 < fraction < 1


def is_target(fraction: Decimal) -> bool:
    """Whether a target can lie at this fraction of the entry price."""
    return fraction.is_finite() and 0 < fraction <= MAX_TARGET


@dataclass(frozen=True, slots=True)
class ExitPolicy:
    """How a strategy exits a position. Fractions are of a price (0.01 is 1%). A short mirrors below and above."""

    stop: Decimal | None = None  # fraction below the entry price; None is the account's default
    target: Decimal | None = None  # fraction above the entry price; None is none, or see use_default_target
    trail_trigger: Decimal | None = None  # gain from which the stop trails; None, like trail_offset, for no trailing
    trail_offset: Decimal | None = None  # distance of the trailing stop below the highest price seen
    max_sessions: int | None = None  # age at which the position is closed, in sessions
    use_default_target: bool = False  # without a target, take the account's default


class Readiness(StrEnum):
    """Whether a strategy could judge a symbol."""

    READY = "ready"
    WARMING_UP = "warming_up"  # it has fewer sessions than the warm-up
    NO_DATA = "no_data"  # it has no price in the history, or none in its last session


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that a strategy states for an entry, with its numbers filled in."""

    text: str
    met: bool


@dataclass(frozen=True, slots=True)
class Signal:
    """A strategy's decision on one symbol."""

    strategy: str
    symbol: str
    as_of: date  # the session whose completed bar it is based on
    action: Action
    score: float  # entries with a higher score are planned first
    policy: ExitPolicy  # of an entry: with the stop and target of its symbol, which may be no number or out of range
    reason: str
    fingerprint: str = ""  # version and content hash of the strategy
    risk_pct: Decimal | None = None  # risk per trade, fraction of equity; counts where it is below the account's
    readiness: Readiness = Readiness.READY
    values: tuple[tuple[str, float], ...] = ()  # the strategy's indicators by name, NaN too
    conditions: tuple[Condition, ...] = ()  # of an entry, where the strategy states them
