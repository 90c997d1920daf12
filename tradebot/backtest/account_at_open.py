"""The account as a session opened it, from which a backtest can begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tradebot.core.model.halts import Halt
from tradebot.core.model.holdings import Holding
from tradebot.core.model.repetition import EntryKey, Repetition


@dataclass(frozen=True, slots=True)
class OpenHolding:
    """What is held. ``holding.sessions_held`` is its age in the session that opens."""

    holding: Holding
    target_rests: bool  # whether an order rests at its target


@dataclass(frozen=True, slots=True)
class AccountAtOpen:
    """Everything of an account that a session goes by, beside its cash. USD."""

    base: Decimal  # the capital of the day, which its loss is measured from
    peak: Decimal  # which the drawdown is measured from
    holdings: tuple[OpenHolding, ...] = ()
    halts: tuple[Halt, ...] = ()  # in force at the open
    repetitions: Mapping[EntryKey, Repetition] = field(default_factory=dict)
    sessions_run: Mapping[str, int] = field(default_factory=dict)  # by strategy: the sessions before
