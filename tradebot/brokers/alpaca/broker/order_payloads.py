"""Request bodies of orders: every number as text, and only the fields that are set."""

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
    """The body of POST /v2/orders. Raises OrderRefused for an id that the server would truncate or invent."""
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


def replacement_body(order: BrokerOrder, request: OrderRequest) -> Json:
    """The body of PATCH /v2/orders/{id}: the fields of a resting order that change.

    The quantity is sent whenever the order is partially filled: without it, the whole original quantity would rest
    again (https://github.com/alpacahq/Alpaca-API/issues/165). If no field changes, all are sent. Raises OrderRefused
    if symbol, side or type differ.
    """
    if (request.symbol, request.side, request.type) != (order.symbol, order.side, order.type):
        words = "a replacement must keep symbol, side and type"
        detail = f"{request.side} {request.type} {request.symbol} for {order.side} {order.type} {order.symbol}"
        raise OrderRefused(f"{_UNPROCESSABLE} {words}", f"{words}: {detail}")
    new_and_old: dict[str, tuple[Decimal | None, Decimal | None]] = {
        "qty": (request.quantity, order.quantity if order.filled_quantity == 0 else None),
        "limit_price": (request.limit_price, order.limit_price),
        "stop_price": (request.stop_price, order.stop_price),
    }
    numbers = {name: canonical(new) for name, (new, _) in new_and_old.items() if new is not None}
    changed = {name: text for name, text in numbers.items() if new_and_old[name][0] != new_and_old[name][1]}
    if request.time_in_force is not order.time_in_force:
        changed["time_in_force"] = request.time_in_force.value
    return {"client_order_id": request.client_order_id, **(changed or numbers)}


def order_path(broker_order_id: str) -> str:
    """The path of one order. Raises OrderRefused for an id that is no UUID, because Alpaca has no such order."""
    try:
        return f"/v2/orders/{UUID(broker_order_id)}"
    except ValueError:
        raise OrderRefused(f"{_NOT_FOUND} order not found", f"order not found: {broker_order_id}") from None


def _legs(request: OrderRequest) -> dict[str, Json]:
    """The fields of a bracket or an OTO; none for a simple order."""
    if request.order_class is OrderClass.SIMPLE:
        return {}
    legs: dict[str, Json] = {"order_class": request.order_class.value}
    if request.take_profit is not None:
        legs["take_profit"] = {"limit_price": canonical(request.take_profit)}
    if request.stop_loss is not None:
        legs["stop_loss"] = {"stop_price": canonical(request.stop_loss)}
    return legs
