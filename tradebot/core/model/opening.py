"""The opening: the broker's statement of an account when a ledger meets it first.

History from before is never compared. Positions of the opening are foreign.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from tradebot.core.model.account import CASH, Activity, Adjustment, Position, id_of
from tradebot.core.model.values import ZERO, plural

#: The beginning of the ids of an opening's adjustments.
_PREFIX = "OPENING"
#: How far the instants of a broker's rows may lie before the clock that it shows.
CLOCK_TOLERANCE = timedelta(minutes=1)
_REASON = "opening: what the account had when the ledger met it first"


def is_id_of_opening(adjustment_id: str) -> bool:
    """Whether an adjustment with this id books what an account had when a ledger met it first."""
    return adjustment_id.startswith(f"{_PREFIX}-")


@dataclass(frozen=True, slots=True)
class Opening:
    """The opening of one account. Amounts are USD."""

    session: date
    at: datetime  # aware UTC, before the first of the reads that it is made of
    equity: Decimal
    cash: Decimal
    positions: tuple[Position, ...]
    orders: tuple[str, ...]  # the open orders, a line for people each
    cursor: str | None  # id of the newest activity; None where the broker told none
    known: tuple[str, ...]  # ids of the rows that were told by then, of the time in which late ones are looked for

    def covers(self, activity: Activity) -> bool:
        """Whether the opening includes what an activity moved: it was told by then, or happened before."""
        return activity.at < self.at - CLOCK_TOLERANCE or id_of(activity) in self.known

    def adjustments(self) -> tuple[Adjustment, ...]:
        """What the ledger books: the shares of each position at the broker's cost, then the cash."""
        shares = (
            self._adjustment(held.symbol, held.symbol, held.quantity, held.average_price, ZERO)
            for held in self.positions
        )
        return (*shares, self._adjustment("CASH", CASH, ZERO, ZERO, self.cash))

    def text(self) -> str:
        """The opening in a line for people."""
        counts = ((len(self.positions), "foreign position"), (len(self.orders), "foreign order"))
        foreign = "".join(f", {plural(count, noun)}" for count, noun in counts if count)
        return f"opening statement of {self.session}: cash {self.cash:,.2f}{foreign}"

    def _adjustment(self, name: str, symbol: str, quantity: Decimal, price: Decimal, amount: Decimal) -> Adjustment:
        return Adjustment(f"{_PREFIX}-{name}", symbol, quantity, price, amount, _REASON, self.at, self.session)


def is_of_opening(adjustment: Adjustment) -> bool:
    """Whether an adjustment books what an account had when a ledger met it first."""
    return is_id_of_opening(adjustment.adjustment_id)
