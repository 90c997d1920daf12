"""The first step of an emergency stop: set the latch. Next to nothing is imported before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.errors import TradebotError

if TYPE_CHECKING:
    from tradebot.ports import Clock, Latch


def set_latch(latch: Latch, clock: Clock, reason: str) -> str:
    """Write the halt to the latch file with fsync. Returns why it could not be written, or ""."""
    try:
        latch.set(Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, HaltLevel.HALTED, reason, since=clock.now()))
    except TradebotError as error:
        return str(error)
    return ""
