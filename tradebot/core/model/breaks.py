"""Breaks: differences between what the ledger explains and what the broker shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.values import ZERO


class BreakKind(StrEnum):
    QUANTITY = "quantity"
    SIDE = "side"
    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    PRICE = "price"
    UNKNOWN_ORDER = "unknown_order"
    UNKNOWN_OUTCOME = "unknown_outcome"
    UNPROTECTED = "unprotected"
    CASH = "cash"


class BreakSeverity(StrEnum):
    """How much a break matters: to be told, to be looked at today, to be looked at now."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


#: What an account may be off by, in USD, before a break is critical.
CRITICAL_FROM = Decimal(1000)

#: Breaks that an adjustment of the ledger settles. The others are about orders, which only the broker can end.
ACCEPTABLE = frozenset(
    {
        BreakKind.QUANTITY,
        BreakKind.SIDE,
        BreakKind.MISSING_HERE,
        BreakKind.MISSING_THERE,
        BreakKind.PRICE,
        BreakKind.CASH,
    }
)
_LOCKS_NOTHING = frozenset({BreakKind.PRICE, BreakKind.CASH, BreakKind.UNPROTECTED})


@dataclass(frozen=True, slots=True)
class Break:
    """One difference. ``here`` is the ledger's figure and ``there`` the broker's: shares, USD for cash, USD a share for
    a price. ``dollars`` is what the difference is worth, never negative; 0 where it moves no money.
    """

    kind: BreakKind
    symbol: str
    here: Decimal
    there: Decimal
    message: str
    first_seen: date | None = None
    last_seen: date | None = None
    age_sessions: int = 0
    severity: BreakSeverity = BreakSeverity.WARNING
    dollars: Decimal = ZERO

    @property
    def locks_symbol(self) -> bool:
        """A break locks its symbol for entries until it is gone; exits stay possible."""
        return self.kind not in _LOCKS_NOTHING

    @property
    def matters(self) -> bool:
        """Whether a job that found it has to say so by its exit code."""
        return self.severity is not BreakSeverity.INFO


def severity_of(dollars: Decimal) -> BreakSeverity:
    """How much a difference of so many dollars matters."""
    return BreakSeverity.CRITICAL if abs(dollars) >= CRITICAL_FROM else BreakSeverity.WARNING


def unexplained(breaks: Iterable[Break]) -> Decimal:
    """The dollars of shares and cash that the ledger and the broker differ by, whichever of them has more.

    Orders under way and stops that are missing move no money yet.
    """
    return sum((found.dollars for found in breaks if found.kind in ACCEPTABLE), ZERO)
