"""What a session's entries were decided on, as the ledger stores it: enough to decide it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tradebot.core.model.account import Quote
from tradebot.core.model.limits import Limits
from tradebot.core.model.repetition import EntryKey, Repetition
from tradebot.core.model.signals import Signal


@dataclass(frozen=True, slots=True)
class BarsSeen:
    """The adjusted bars that strategies were asked over."""

    sessions: int  # asked for, the newest of which is ``as_of``
    as_of: date | None  # None: there was no bar
    digests: Mapping[str, str]  # of the bars of each symbol

    def revised(self, now: Mapping[str, str]) -> tuple[str, ...]:
        """The symbols whose bars have another digest now, or none."""
        return tuple(symbol for symbol, digest in self.digests.items() if now.get(symbol) != digest)


@dataclass(frozen=True, slots=True)
class BalancesSeen:
    """The account as it was decided with, USD."""

    equity: Decimal
    cash: Decimal
    buying_power: Decimal
    base: Decimal  # the capital of the day, which its loss is measured from
    peak: Decimal  # which the drawdown is measured from


@dataclass(frozen=True, slots=True)
class DecisionInputs:
    """What the entries of one run were decided on."""

    session: date
    at: datetime
    limits: Limits
    close_positions: bool  # whether a loss that halts closes every position
    bars: BarsSeen
    balances: BalancesSeen
    signals: tuple[Signal, ...]  # those that act, without texts and values
    quotes: Mapping[str, Quote]  # of the symbols that act or are held: last price and previous close
    average_volume: Mapping[str, Decimal]  # shares a session, of the symbols to enter
    sessions_run: Mapping[str, int]  # by strategy: sessions before, as it was then
    repetitions: Mapping[EntryKey, Repetition]
