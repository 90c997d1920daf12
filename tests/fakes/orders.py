"""Order requests in few words."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from typing import Any

from tradebot.core.model.orders import OrderRequest, OrderType, Side, TimeInForce


class Requests:
    """Makes requests for one symbol, with client_order_ids c1, c2, ... unless told otherwise."""

    def __init__(self, symbol: str = "ACME") -> None:
        self.symbol = symbol
        self._numbers = count(1)

    def buy(self, quantity: int | str, *, tif: TimeInForce = TimeInForce.GTC, **terms: Any) -> OrderRequest:
        return self.order(Side.BUY, quantity, tif=tif, **terms)

    def sell(self, quantity: int | str, *, tif: TimeInForce = TimeInForce.GTC, **terms: Any) -> OrderRequest:
        return self.order(Side.SELL, quantity, tif=tif, **terms)

    def order(
        self,
        side: Side,
        quantity: int | str,
        *,
        tif: TimeInForce = TimeInForce.GTC,
        limit: str | None = None,
        stop: str | None = None,
        stop_loss: str | None = None,
        take_profit: str | None = None,
        symbol: str | None = None,
        client_id: str | None = None,
    ) -> OrderRequest:
        """An order of the type that the given prices make it; a bracket with ``stop_loss``."""
        return OrderRequest(
            client_order_id=client_id if client_id is not None else f"c{next(self._numbers)}",
            symbol=symbol or self.symbol,
            side=side,
            quantity=Decimal(quantity),
            type=_TYPES[(limit is not None, stop is not None)],
            time_in_force=tif,
            limit_price=_price(limit),
            stop_price=_price(stop),
            take_profit=_price(take_profit),
            stop_loss=_price(stop_loss),
        )


_TYPES = {
    (False, False): OrderType.MARKET,
    (True, False): OrderType.LIMIT,
    (False, True): OrderType.STOP,
    (True, True): OrderType.STOP_LIMIT,
}


def _price(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
