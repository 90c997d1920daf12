"""The order that the JSON of a request asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.fakes.alpaca.messages import Refusal
from tests.fakes.alpaca.notation import MALFORMED, UNPROCESSABLE, decimal
from tradebot.core.model.orders import OrderRequest, OrderType, Side, TimeInForce


def request_of(body: dict[str, Any]) -> OrderRequest:
    """The order that the JSON asks for, without an id where it gives none. Refusal where it makes no sense.

    Refused as well are the kinds of orders that no job sends: for an amount of USD, trailing stops and exit pairs.
    """
    for name in ("symbol", "side", "type", "time_in_force"):
        if not body.get(name):
            raise _malformed(f"{name} is required")
    if body.get("qty") is None:
        raise _malformed("qty is required")
    if body.get("extended_hours"):
        raise _malformed("extended hours order must be DAY limit orders")
    identifier = body.get("client_order_id")
    if identifier is not None and len(identifier) > 128:
        raise _malformed("client_order_id must be no more than 128 characters")
    request = OrderRequest(
        client_order_id=identifier or "",
        symbol=body["symbol"],
        side=_one_of(Side, body, "side"),
        quantity=decimal(body["qty"], "qty"),
        type=_one_of(OrderType, body, "type"),
        time_in_force=_one_of(TimeInForce, body, "time_in_force"),
        limit_price=_price(body, "limit_price"),
        stop_price=_price(body, "stop_price"),
        take_profit=_leg(body, "take_profit", "limit_price"),
        stop_loss=_leg(body, "stop_loss", "stop_price"),
    )
    _check_legs(request, body.get("order_class") or "simple")
    return request


def _check_legs(request: OrderRequest, asked: str) -> None:
    """Refusal of a request that has not the legs of its class."""
    legs = {"take_profit": request.take_profit, "stop_loss": request.stop_loss}
    given = [name for name, price in legs.items() if price is not None]
    if asked == "simple" and given:
        raise _malformed(f"simple orders must not have {given[0]}")
    for name, price in (("take_profit.limit_price", request.take_profit), ("stop_loss.stop_price", request.stop_loss)):
        if asked == "bracket" and price is None:
            raise _malformed(f"{asked} orders require {name}")
    if asked == "oto" and len(given) != 1:
        raise _malformed("oto orders require exactly one of take_profit, stop_loss")
    if asked not in ("simple", "bracket", "oto"):
        raise _malformed(f"invalid order_class: {asked}")


def _one_of(words: Callable[[Any], Any], body: dict[str, Any], name: str) -> Any:
    try:
        return words(body[name])
    except ValueError:
        raise _malformed(f"invalid {name}: {body[name]}") from None


def _price(body: dict[str, Any], name: str) -> Decimal | None:
    return None if body.get(name) is None else decimal(body[name], name)


def _leg(body: dict[str, Any], leg: str, name: str) -> Decimal | None:
    said = body.get(leg) or {}
    return None if said.get(name) is None else decimal(said[name], f"{leg}.{name}")


def _malformed(message: str) -> Refusal:
    return Refusal(UNPROCESSABLE, MALFORMED, message)


def with_changes(request: OrderRequest, body: dict[str, Any]) -> OrderRequest:
    changes: dict[str, Any] = {}
    for name, to in (("qty", "quantity"), ("limit_price", "limit_price"), ("stop_price", "stop_price")):
        if body.get(name) is not None:
            changes[to] = decimal(body[name], name)
    if body.get("time_in_force") is not None:
        changes["time_in_force"] = _one_of(TimeInForce, body, "time_in_force")
    return replace(request, **changes)
