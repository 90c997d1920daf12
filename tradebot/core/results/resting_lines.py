"""The orders that protect holdings at the broker, for people: the stops and targets that surely rest."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.model.holdings import Holding
from tradebot.core.model.orders import BrokerOrder, Purpose
from tradebot.core.safety.stop_coverage import resting_stops, resting_targets


@dataclass(frozen=True, slots=True)
class RestingLine:
    """A stop or a target of a holding that rests at the broker, a person's own stop too."""

    strategy: str
    symbol: str
    purpose: Purpose  # STOP or TARGET
    price: Decimal  # USD a share: stop price or limit price
    quantity: Decimal  # shares that have not filled
    client_order_id: str


def resting_lines(
    holdings: Iterable[Holding], open_orders: Collection[BrokerOrder], *, filled_entries: Collection[str] = ()
) -> tuple[RestingLine, ...]:
    """The lines of the holdings in their order, of each its stops, then its targets.

    filled_entries: the broker ids of the entries that have filled whole.
    """
    holdings = tuple(holdings)
    stops = resting_stops(holdings, open_orders, filled_entries=filled_entries)
    targets = resting_targets(holdings, open_orders)
    return tuple(
        RestingLine(holding.strategy, holding.symbol, purpose, price, order.remaining, order.client_order_id)
        for holding in holdings
        for purpose, resting in ((Purpose.STOP, stops), (Purpose.TARGET, targets))
        for order in resting[holding.symbol]
        if (price := order.stop_price if purpose is Purpose.STOP else order.limit_price) is not None
    )
