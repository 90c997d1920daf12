"""The outcome of `diff`: a session of the live ledger beside the backtest of the same bars, line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Cause(StrEnum):
    """Why live and backtest differ. Stable: programs read it."""

    DATA_REVISED = "data_revised"  # the bars are not those that live decided on
    STRATEGY_CHANGED = "strategy_changed"  # its files or parameters are not those of the session, or it failed
    PRICE = "price_at_decision"  # live saw another price than the open, or the same one at another time
    SLIPPAGE = "slippage"  # the fill had another price than the decision
    PARTIAL_FILL = "partial_fill"  # fewer shares filled than were ordered
    HALT = "halt"  # one that the backtest does not know
    BROKER = "broker"  # it refused, blocked or lacked something, or an order of somebody else was in the way
    BY_HAND = "by_hand"  # a person sold, or moved or placed a stop
    MISSED_RUN = "missed_run"  # run-daily did not trade the session
    UNEXPLAINED = "unexplained"

    @property
    def text(self) -> str:
        """The words for people."""
        return self.value.replace("_", " ")


class Compared(StrEnum):
    """What is compared."""

    RUN = "run"  # run-daily itself
    SIGNAL = "signal"
    PLAN = "plan"  # an entry with its quantity, or the codes that deny it
    FILL = "fill"  # of an entry
    EXIT = "exit"  # a sale, for whatever reason
    STOP = "stop"  # of what is held at the close


@dataclass(frozen=True, slots=True)
class Fact:
    """What happened on one side."""

    what: str  # such as "enter", "denied: MAX_POSITIONS", "bought", "sold: stop"
    quantity: Decimal | None = None  # shares
    price: Decimal | None = None  # USD a share: at the decision, of the fills, or of the stop


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One thing as it was live and in the backtest."""

    compared: Compared
    strategy: str
    symbol: str
    live: Fact | None  # None: nothing
    backtest: Fact | None
    cause: Cause | None = None  # None: they agree
    why: str = ""  # the figures that show the cause, a sentence


@dataclass(frozen=True, slots=True)
class DiffOutcome:
    """A session compared."""

    session: date
    as_of: date | None  # the session of the bars that were decided on; None: live decided on none
    lines: tuple[DiffLine, ...]  # those that agree among them
    revised: tuple[str, ...] = ()  # symbols whose bars are not those that live decided on
    is_recorded: bool = True  # whether live stored what it decided on: an earlier version did not
    notes: tuple[str, ...] = ()  # what could not be compared, sentences

    @property
    def differences(self) -> tuple[DiffLine, ...]:
        """The lines that differ."""
        return tuple(line for line in self.lines if line.cause is not None)

    @property
    def unexplained(self) -> tuple[DiffLine, ...]:
        """The lines that differ by nothing known."""
        return tuple(line for line in self.lines if line.cause is Cause.UNEXPLAINED)

    @property
    def causes(self) -> Mapping[Cause, int]:
        """The number of lines that differ, by cause, in the order of ``Cause``."""
        counts = Counter(line.cause for line in self.lines if line.cause is not None)
        return {cause: counts[cause] for cause in Cause if counts[cause]}
