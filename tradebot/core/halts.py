"""Halts: how far the account may still act, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class HaltLevel(StrEnum):
    """RUNNING; REDUCING (exits only); HALTED (only cancels, closes and reduce-only stops are sent)."""

    RUNNING = "running"
    REDUCING = "reducing"
    HALTED = "halted"

    @property
    def allows_entries(self) -> bool:
        return self is HaltLevel.RUNNING


_SEVERITY = (HaltLevel.RUNNING, HaltLevel.REDUCING, HaltLevel.HALTED)


class HaltSource(StrEnum):
    ENVIRONMENT = "environment"
    LATCH_FILE = "latch_file"
    LEDGER = "ledger"


class HaltRule(StrEnum):
    """Which rule set a halt."""

    OPERATOR = "operator"  # a person: emergency-stop, the flag
    DAILY_LOSS = "daily_loss"
    DRAWDOWN = "drawdown"
    UNREADABLE = "unreadable"  # a latch that could not be read counts as set


@dataclass(frozen=True, slots=True)
class Halt:
    """One latched halt. ``until`` is the session from which it no longer holds (None: until ``resume``)."""

    source: HaltSource
    rule: HaltRule
    level: HaltLevel
    reason: str
    since: datetime | None = None
    session: date | None = None
    until: date | None = None
    value: Decimal | None = None
    limit: Decimal | None = None


def distinct(halts: Iterable[Halt]) -> tuple[tuple[Halt, ...], ...]:
    """Each halt once, with every latch that holds it: the ledger takes in what the latch file was first to hold."""
    found: dict[tuple[HaltRule, str, datetime | None], list[Halt]] = {}
    for halt in halts:
        found.setdefault((halt.rule, halt.reason, halt.since), []).append(halt)
    return tuple(tuple(same) for same in found.values())


def told_by(same: Iterable[Halt]) -> str:
    """The latches that hold a halt, in words: "latch file and ledger"."""
    return " and ".join(dict.fromkeys(halt.source.replace("_", " ") for halt in same))


def level_of(halts: Iterable[Halt]) -> HaltLevel:
    """The strictest level among ``halts``; RUNNING when there are none."""
    return max((halt.level for halt in halts), key=_SEVERITY.index, default=HaltLevel.RUNNING)
