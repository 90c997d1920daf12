"""Breaks: differences between the account as the ledger explains it and as the broker shows it.

A difference that one look at the account shows is pending. It is a break once a second look has shown it too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.orders import Intent
from tradebot.core.model.values import ZERO


class BreakKind(StrEnum):
    """What differs."""

    QUANTITY = "quantity"
    SIDE = "side"  # long here, short there
    MISSING_HERE = "missing_here"  # a position that the ledger does not explain
    MISSING_THERE = "missing_there"  # a position that the broker does not show
    PRICE = "price"  # the average entry price
    UNKNOWN_ORDER = "unknown_order"  # an open order with an id of ours that this ledger did not decide
    UNKNOWN_OUTCOME = "unknown_outcome"  # an order of ours in doubt
    UNPROTECTED = "unprotected"  # shares of ours without their stop
    CASH = "cash"
    IDENTITY = "identity"  # the symbol stands for shares of another company now


class BreakSeverity(StrEnum):
    """How soon a person has to look at a break."""

    INFO = "info"  # reported only
    WARNING = "warning"  # the same day
    CRITICAL = "critical"  # at once


#: USD from which a break is critical.
CRITICAL_FROM = Decimal(1000)

#: Breaks that an adjustment of the ledger settles. The others concern orders, which only the broker can end.
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
#: Differences that a stale or partial answer of the broker would show as well. A second look has to show them too.
NEEDS_CONFIRMATION = ACCEPTABLE | {BreakKind.UNKNOWN_ORDER, BreakKind.IDENTITY}
#: Differences in the number of shares.
OF_SHARES = ACCEPTABLE - {BreakKind.PRICE, BreakKind.CASH}
_LOCKS_NOTHING = frozenset({BreakKind.PRICE, BreakKind.CASH, BreakKind.UNPROTECTED})
#: How much more than their present value shares may have been traded for: a part of it.
_SLIPPAGE = Decimal("0.10")


@dataclass(frozen=True, slots=True)
class Break:
    """One difference. The same kind and symbol is the same difference, whatever its size.

    ``here`` is the ledger's figure and ``there`` the broker's: shares, USD for cash, USD a share for a price.
    """

    kind: BreakKind
    symbol: str
    here: Decimal
    there: Decimal
    message: str
    first_seen: date | None = None  # session
    last_seen: date | None = None  # session
    age_sessions: int = 0
    severity: BreakSeverity = BreakSeverity.WARNING
    dollars: Decimal = ZERO  # USD value of the difference, never negative; 0 where no money differs
    confirmed: bool = True  # False while only one look has shown it

    @property
    def locks_symbol(self) -> bool:
        """Whether the symbol takes no entries while the break is open. Exits stay possible. For cash: ``lone_cash``."""
        return self.kind not in _LOCKS_NOTHING

    @property
    def matters(self) -> bool:
        """Whether a job that finds the break ends with the exit code for breaks."""
        return self.severity is not BreakSeverity.INFO


def pending_text(pending: Break) -> str:
    """A difference that one look has shown, for people."""
    return f"seen once, not confirmed: {pending.message}"


def difference_severity(dollars: Decimal) -> BreakSeverity:
    """The severity of a difference worth ``dollars`` USD."""
    return BreakSeverity.CRITICAL if abs(dollars) >= CRITICAL_FROM else BreakSeverity.WARNING


def lone_cash(differences: Iterable[Break], unsettled: Iterable[Intent] = ()) -> Break | None:
    """The cash difference that no difference in shares and no order in doubt can account for; None without one.

    It locks every symbol. Cash that shares were traded for leaves it to the locks of their symbols.
    """
    differences = tuple(differences)
    cash = next((each for each in differences if each.kind is BreakKind.CASH), None)
    shares = sum((each.dollars for each in differences if each.kind in OF_SHARES), ZERO)
    ordered = sum((each.request.quantity * each.planned_price for each in unsettled if each.state.in_doubt), ZERO)
    return None if cash is None or cash.dollars <= (shares + ordered) * (1 + _SLIPPAGE) else cash


def unexplained(breaks: Iterable[Break]) -> Decimal:
    """The USD of shares and cash that ledger and broker differ by, in either direction.

    Orders and missing stops do not count: they have moved no money yet.
    """
    return sum((each.dollars for each in breaks if each.kind in ACCEPTABLE), ZERO)
