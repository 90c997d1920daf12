"""The shares that the broker takes a sale of: it refuses one whose fraction of a share it does not trade."""

from __future__ import annotations

from decimal import Decimal

from tradebot.core.model.order_rules import US_STOCKS
from tradebot.core.model.values import whole_shares
from tradebot.errors import Blocked, BrokerUnavailable
from tradebot.ports import Broker


def saleable_shares(broker: Broker, symbol: str, shares: Decimal, price: Decimal) -> Decimal:
    """The most of ``shares`` that one DAY order at about ``price`` USD a share may sell.

    The broker is asked about a fraction alone; where it cannot answer, the whole shares are sold.
    """
    if shares == whole_shares(shares):
        return shares
    try:
        asset = broker.assets([symbol]).get(symbol)
    except (BrokerUnavailable, Blocked):
        asset = None
    fractionable = broker.capabilities.fractions and asset is not None and asset.fractionable
    return US_STOCKS.saleable(shares, price, fractionable=fractionable)
