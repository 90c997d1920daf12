"""An order as it is written for Alpaca: every number as text, nothing that was not asked for."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from tradebot.brokers.http.responses import Json
from tradebot.core.model.order_ids import MAX_LENGTH
from tradebot.core.model.orders import BrokerOrder, OrderClass, OrderRequest
from tradebot.core.model.values import canonical
from tradebot.errors import OrderRefused

_NOT_FOUND = "40410000"
_UNPROCESSABLE = "42210000"
_MALFORMED = "40010001"


def order_body(request: OrderRequest) -> Json:
    """The body of POST /v2/orders. Raises OrderRefused for an id that would be cut off or made up by the server."""
    if not 0 < len(request.client_order_id) <= MAX_LENGTH:
        words = f"client_order_id must have 1 to {MAX_LENGTH} characters"
        raise OrderRefused(f"{_MALFORMED} {words}", f"{words}: it has {len(request.client_order_id)}")
    body: dict[str, Json] = {
        "client_order_id": request.client_order_id,
        "symbol": request.symbol,
        "side": request.side.value,
        "type": request.type.value,
        "time_in_force": request.time_in_force.value,
    }
    numbers = {"qty": request.quantity, "limit_price": request.limit_price, "stop_price": request.stop_price}
    body |= {name: canonical(number) for name, number in numbers.items() if number is not None}
    return body | _legs(request)


def changes(order: BrokerOrder, request: OrderRequest) -> Json:
    """The body of PATCH /v2/orders/{id}: what is to be otherwise about a resting order.

    The quantity is said whenever some of the order has filled: left out, the whole original one would rest anew
    (https://github.com/alpacahq/Alpaca-API/issues/165). Where nothing differs everything is said again. Raises
    OrderRefused for what no replacement can change.
    """
    if (request.symbol, request.side, request.type) != (order.symbol, order.side, order.type):
        words = "a replacement must keep symbol, side and type"
        detail = f"{request.side} {request.type} {request.symbol} for {order.side} {order.type} {order.symbol}"
        raise OrderRefused(f"{_UNPROCESSABLE} {words}", f"{words}: {detail}")
    wanted: dict[str, tuple[Decimal | None, Decimal | None]] = {
        "qty": (request.quantity, order.quantity if order.filled_quantity == 0 else None),
        "limit_price": (request.limit_price, order.limit_price),
        "stop_price": (request.stop_price, order.stop_price),
    }
    told = {name: canonical(new) for name, (new, _) in wanted.items() if new is not None}
    changed = {name: text for name, text in told.items() if wanted[name][0] != wanted[name][1]}
    if request.time_in_force is not order.time_in_force:
        changed["time_in_force"] = request.time_in_force.value
    return {"client_order_id": request.client_order_id, **(changed or told)}


def path_of(broker_order_id: str) -> str:
    """The path of one order. Raises OrderRefused for what can be no order's id there."""
    try:
        return f"/v2/orders/{UUID(broker_order_id)}"
    except ValueError:
        raise OrderRefused(f"{_NOT_FOUND} order not found", f"order not found: {broker_order_id}") from None


def _legs(request: OrderRequest) -> dict[str, Json]:
    """The legs of a bracket or an OTO."""
    if request.order_class is OrderClass.SIMPLE:
        return {}
    legs: dict[str, Json] = {"order_class": request.order_class.value}
    if request.take_profit is not None:
        legs["take_profit"] = {"limit_price": canonical(request.take_profit)}
    if request.stop_loss is not None:
        legs["stop_loss"] = {"stop_price": canonical(request.stop_loss)}
    return legs
