"""Shares that corrections added to the ledger and removed from it, with their cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tradebot.core.accounting.lots import book_adjustment
from tradebot.core.accounting.rebooking import Histories, lots_before
from tradebot.core.model.account import CASH, Adjustment
from tradebot.core.model.values import ZERO


@dataclass(frozen=True, slots=True)
class RemovedShares:
    """Shares of one lot that a correction removed."""

    opened_at: datetime
    cost: Decimal  # USD without fees, negative for a short


@dataclass(frozen=True, slots=True)
class AdjustmentEffect:
    """What a correction did to the lots."""

    at: datetime
    added: Decimal  # cost of the shares that it added, USD, negative for a short
    removed: tuple[RemovedShares, ...] = ()

    @property
    def cost(self) -> Decimal:
        """The change of the cost of the open lots, USD."""
        return self.added - sum((each.cost for each in self.removed), ZERO)


def adjustment_effects(histories: Histories, symbol: str) -> Iterator[AdjustmentEffect]:
    """The effects of every correction of a symbol's shares, in the order of booking."""
    for booked in histories[symbol].activities:
        adjustment = booked.activity
        if isinstance(adjustment, Adjustment) and adjustment.symbol == symbol != CASH:
            before = {lot.lot_id: lot for lot in lots_before(histories, symbol, booked)}
            after = book_adjustment(before.values(), adjustment, booked.strategy).lots
            left = {lot.lot_id: lot.quantity for lot in after}
            gone = {lot_id: lot.quantity - left.get(lot_id, ZERO) for lot_id, lot in before.items()}
            yield AdjustmentEffect(
                adjustment.at,
                sum((lot.quantity * lot.price for lot in after if lot.lot_id not in before), ZERO),
                tuple(
                    RemovedShares(before[lot_id].opened_at, quantity * before[lot_id].price)
                    for lot_id, quantity in gone.items()
                    if quantity
                ),
            )
