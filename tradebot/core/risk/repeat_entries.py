"""The throttle on repetition: a strategy that enters one symbol again and again is stopped until a person looks at it.

It latches by itself. The newest entries are counted among themselves and not up to today, and none is added while they
are too many, so that waiting does not re-enable anybody. The idea is that of Commission Delegated Regulation (EU)
2017/589, Article 15(3).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltScope, HaltSource
from tradebot.core.model.limits import Limits
from tradebot.core.model.repetition import EntryKey, Repetition
from tradebot.core.model.values import plural


def repetition_text(decider: EntryKey, repetition: Repetition, limits: Limits) -> str:
    return (
        f"{decider.strategy} entered {decider.symbol} {plural(repetition.entries, 'time')} within "
        f"{plural(repetition.sessions, 'session')}, and {limits.repeat_order_limit} within "
        f"{limits.repeat_order_sessions} stop it until `tradebot resume --strategy {decider.strategy}`"
    )


def repetition_halt(decider: EntryKey, repetition: Repetition, limits: Limits, session: date, now: datetime) -> Halt:
    """The halt of the whole strategy: what goes wrong in one symbol may go wrong in the next."""
    return Halt(
        source=HaltSource.LEDGER,
        rule=HaltRule.REPEATED_ORDERS,
        level=HaltLevel.REDUCING,
        reason=repetition_text(decider, repetition, limits),
        since=now,
        session=session,
        value=Decimal(repetition.entries),
        limit=Decimal(limits.repeat_order_limit),
        scope=HaltScope.STRATEGY,
        scope_name=decider.strategy,
    )
