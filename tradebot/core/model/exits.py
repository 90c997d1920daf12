"""Why a position was closed: one of few words, and the prices that it was closed by."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class ExitKind(StrEnum):
    """The reason for which shares were sold, or bought back. Stable: stored and counted."""

    SIGNAL = "signal"  # the strategy's exit signal
    TIME = "time"  # held for as many sessions as the strategy allows
    STOP = "stop"  # the stop of the entry
    TRAILING_STOP = "trailing_stop"  # a stop that was raised after a gain
    TARGET = "target"
    EMERGENCY_STOP = "emergency_stop"
    OUTSIDE = "outside"  # by a person or another program
    CORPORATE_ACTION = "corporate_action"  # a merger for cash, a delisting, a reverse split that left nothing

    @property
    def text(self) -> str:
        """The word for people."""
        return _TEXTS[self]


_TEXTS = {
    ExitKind.SIGNAL: "signal",
    ExitKind.TIME: "time",
    ExitKind.STOP: "stop",
    ExitKind.TRAILING_STOP: "trailing stop",
    ExitKind.TARGET: "target",
    ExitKind.EMERGENCY_STOP: "emergency stop",
    ExitKind.OUTSIDE: "closed outside tradebot",
    ExitKind.CORPORATE_ACTION: "corporate action",
}

#: How the reasons begin that earlier versions stored without a kind. Their "stop" was a trailing one, too.
_STORED = (
    ("exit signal", ExitKind.SIGNAL),
    ("time exit", ExitKind.TIME),
    ("trailing stop", ExitKind.TRAILING_STOP),
    ("stop", ExitKind.STOP),
    ("price ", ExitKind.STOP),  # "... is beyond the stop ..., which is missing at the broker"
    ("target", ExitKind.TARGET),
    ("emergency stop", ExitKind.EMERGENCY_STOP),
    ("close", ExitKind.EMERGENCY_STOP),
    ("merger for cash", ExitKind.CORPORATE_ACTION),
    ("delisting", ExitKind.CORPORATE_ACTION),
)


def stored_kind(reason: str) -> ExitKind | None:
    """The kind of a reason that was stored without one; None where it tells none."""
    if reason == "closed outside tradebot":
        return ExitKind.OUTSIDE
    return next((kind for begins, kind in _STORED if reason.startswith(begins)), None)


@dataclass(frozen=True, slots=True)
class Exit:
    """Why shares were closed. Prices are USD a share, as they were when the closing fill was booked."""

    reason: str = ""
    kind: ExitKind | None = None  # None: not known
    stop_price: Decimal | None = None  # of the holding; None where it is not known
    target_price: Decimal | None = None
    trailed_from: Decimal | None = None  # the best price that a trailing stop was raised from


#: The exit of shares that nothing is known of.
UNKNOWN_EXIT = Exit()
