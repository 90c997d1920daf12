"""The order that the JSON of a request asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.fakes.alpaca.messages import Refusal
from tests.fakes.alpaca.notation import MALFORMED, UNPROCESSABLE, decimal
from tradebot.core.model.orders import OrderClass, OrderRequest, OrderType, Side, TimeInForce
from tradebot.core.model.values import ZERO


def request_of(body: dict[str, Any]) -> OrderRequest:
    """The order that the JSON asks for, without an id where it gives none. Refusal where it makes no sense."""
    for name in ("symbol", "side", "type", "time_in_force"):
        if not body.get(name):
            raise _malformed(f"{name} is required")
    if (body.get("qty") is None) == (body.get("notional") is None):
        raise _malformed("qty or notional is required" if body.get("qty") is None else "only one of qty or notional")
    if body.get("extended_hours"):
        raise _malformed("extended hours order must be DAY limit orders")
    identifier = body.get("client_order_id")
    if identifier is not None and len(identifier) > 128:
        raise _malformed("client_order_id must be no more than 128 characters")
    trail_pct = _price(body, "trail_percent")
    request = OrderRequest(
        client_order_id=identifier or "",
        symbol=body["symbol"],
        side=_one_of(Side, body, "side"),
        quantity=decimal(body["qty"], "qty") if body.get("qty") is not None else ZERO,
        type=_one_of(OrderType, body, "type"),
        time_in_force=_one_of(TimeInForce, body, "time_in_force"),
        limit_price=_price(body, "limit_price"),
        stop_price=_price(body, "stop_price"),
        take_profit=_leg(body, "take_profit", "limit_price"),
        stop_loss=_leg(body, "stop_loss", "stop_price"),
        exit_pair=body.get("order_class") == OrderClass.OCO,
        notional=_price(body, "notional"),
        trail_price=_price(body, "trail_price"),
        trail_pct=None if trail_pct is None else trail_pct / 100,
    )
    return _of_class(request, body.get("order_class") or "simple")


def _of_class(request: OrderRequest, asked: str) -> OrderRequest:
    """The request, once it has what its class needs; the limit price of an OCO is that of its take_profit."""
    legs = {"take_profit": request.take_profit, "stop_loss": request.stop_loss}
    given = [name for name, price in legs.items() if price is not None]
    if asked == "simple" and given:
        raise _malformed(f"simple orders must not have {given[0]}")
    for name, price in (("take_profit.limit_price", request.take_profit), ("stop_loss.stop_price", request.stop_loss)):
        if asked in ("bracket", "oco") and price is None:
            raise _malformed(f"{asked} orders require {name}")
    if asked == "oto" and len(given) != 1:
        raise _malformed("oto orders require exactly one of take_profit, stop_loss")
    if asked not in ("simple", "bracket", "oto", "oco"):
        raise _malformed(f"invalid order_class: {asked}")
    if asked == "oco":
        if request.type is not OrderType.LIMIT:
            raise _malformed("oco orders must be limit orders")
        return replace(request, limit_price=request.take_profit, take_profit=None)
    return request


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
    if body.get("trail") is not None:
        trail = decimal(body["trail"], "trail")
        changes |= {"trail_price": trail} if request.trail_price is not None else {"trail_pct": trail / 100}
    return replace(request, **changes)
