"""The limit on repeated entries: a strategy that enters one symbol too often is halted until it is resumed.

The newest entries are counted among themselves, not up to today, and none is added while they are too many. So waiting
does not end the halt. The idea is that of Commission Delegated Regulation (EU) 2017/589, Article 15(3).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltScope, HaltSource
from tradebot.core.model.limits import Limits
from tradebot.core.model.repetition import EntryKey, Repetition
from tradebot.core.model.values import plural


def repetition_text(key: EntryKey, repetition: Repetition, limits: Limits) -> str:
    """A repetition beyond the limit, for people, with the command that resumes the strategy."""
    return (
        f"{key.strategy} entered {key.symbol} {plural(repetition.entries, 'time')} within "
        f"{plural(repetition.sessions, 'session')}, and {limits.repeat_order_limit} within "
        f"{limits.repeat_order_sessions} stop it until `tradebot resume --strategy {key.strategy}`"
    )


def repetition_halt(key: EntryKey, repetition: Repetition, limits: Limits, session: date, now: datetime) -> Halt:
    """The halt of the whole strategy: a fault in one symbol may show in the next."""
    return Halt(
        source=HaltSource.LEDGER,
        rule=HaltRule.REPEATED_ORDERS,
        level=HaltLevel.REDUCING,
        reason=repetition_text(key, repetition, limits),
        since=now,
        session=session,
        value=Decimal(repetition.entries),
        limit=Decimal(limits.repeat_order_limit),
        scope=HaltScope.STRATEGY,
        scope_name=key.strategy,
    )
