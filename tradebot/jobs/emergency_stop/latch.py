"""The first step of an emergency stop: set the latch. Next to nothing is imported before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.errors import TradebotError

if TYPE_CHECKING:
    from tradebot.ports import Clock, Latch


def halt_for_stop(clock: Clock, reason: str) -> Halt:
    """The halt of an emergency stop. It holds for every account of the home until the stop knows its own."""
    return Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, HaltLevel.HALTED, reason, since=clock.now())


def set_latch(latch: Latch, halt: Halt) -> str:
    """Write the halt to the latch file with fsync. Returns why it could not be written, or ""."""
    try:
        latch.set(halt)
    except TradebotError as error:
        return str(error)
    return ""
