"""Request bodies of orders, as JSON with every number as text.

Keys: by the source of robin-stocks and a captured body of the web client, ``order_form_version`` and a ``ref_id`` among
them. Without a version, or with version 1, orders were refused for an app that is too old.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from tradebot.brokers.http.responses import Json
from tradebot.core.model.order_ids import ref_id
from tradebot.core.model.orders import OrderClass, OrderRequest, OrderType, Side, TimeInForce
from tradebot.core.model.values import canonical
from tradebot.errors import OrderRefused

#: The version of the web client's order form (captured). Every version from 2 on is said to be taken.
ORDER_FORM_VERSION = 7
#: The code of what is refused here: Robinhood would refuse it with this status.
_NOT_SENT = "400"
_TIMES = {TimeInForce.DAY: "gfd", TimeInForce.GTC: "gtc"}


@dataclass(frozen=True, slots=True)
class OrderPlace:
    """What an order is sent for, as Robinhood names it."""

    account: str  # URL
    instrument: str  # URL


def order_body(request: OrderRequest, place: OrderPlace) -> Json:
    """The body of POST /orders/: a limit order, a market sell, or a sell stop, whole shares, in regular hours.

    A market sell and a stop carry no price: a price is refused with them. A market buy is not sent, because Robinhood
    makes a limit of it whose price nobody knows. Raises OrderRefused for what is not sent.
    """
    if (why := _unsendable(request)) is not None:
        raise OrderRefused(_NOT_SENT, f"{request.client_order_id} was not sent to Robinhood: {why}")
    is_stop = request.type is OrderType.STOP
    body: dict[str, Json] = {
        "account": place.account,
        "instrument": place.instrument,
        "symbol": request.symbol,
        "side": request.side.value,
        "type": "limit" if request.type is OrderType.LIMIT else "market",
        "trigger": "stop" if is_stop else "immediate",
        "quantity": canonical(request.quantity),
        "time_in_force": _TIMES[request.time_in_force],
        "market_hours": "regular_hours",
        "extended_hours": False,
        "order_form_version": ORDER_FORM_VERSION,
        "position_effect": "open" if request.side is Side.BUY else "close",
        "ref_id": ref_id(request.client_order_id),
    }
    numbers = {"price": request.limit_price, "stop_price": request.stop_price}
    return body | {name: canonical(number) for name, number in numbers.items() if number is not None}


def parse_order_id(broker_order_id: str) -> str:
    """The id in its usual form. Raises OrderRefused for text that is no UUID, because Robinhood has no such order."""
    try:
        return str(UUID(broker_order_id))
    except ValueError:
        raise OrderRefused("404", f"order not found: {broker_order_id}") from None


def _unsendable(request: OrderRequest) -> str | None:
    """Why a request is not sent; None for one that is."""
    if request.order_class is not OrderClass.SIMPLE:
        return "it takes no stop or target along with an entry"
    if request.time_in_force not in _TIMES:
        return f"no order is good for {request.time_in_force.value}"
    if request.quantity <= 0 or request.quantity % 1:
        return f"{canonical(request.quantity)} shares are no whole number"
    prices = (request.limit_price is not None, request.stop_price is not None)
    match request.type, request.side:
        case OrderType.LIMIT, _:
            return None if prices == (True, False) else "a limit order has a limit price and no other"
        case OrderType.MARKET, Side.SELL:
            return None if prices == (False, False) else "a market sell has no price"
        case OrderType.STOP, Side.SELL:
            return None if prices == (False, True) else "a stop has a stop price and no other"
        case _:
            return f"a {request.type.value} {request.side.value} order is none that it is sent"
