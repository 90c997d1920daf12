"""Breaks: differences between what the ledger explains and what the broker shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class BreakKind(StrEnum):
    QUANTITY = "quantity"
    SIDE = "side"
    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    UNKNOWN_ORDER = "unknown_order"
    UNKNOWN_OUTCOME = "unknown_outcome"
    UNPROTECTED = "unprotected"
    CASH = "cash"


@dataclass(frozen=True, slots=True)
class Break:
    """One difference. ``here`` is the ledger's figure and ``there`` the broker's (shares, or USD for cash)."""

    kind: BreakKind
    symbol: str
    here: Decimal
    there: Decimal
    message: str
    first_seen: date | None = None
    last_seen: date | None = None
    age_sessions: int = 0

    @property
    def locks_symbol(self) -> bool:
        """A break locks its symbol for entries until it is gone; exits stay possible."""
        return self.kind not in (BreakKind.CASH, BreakKind.UNPROTECTED)
