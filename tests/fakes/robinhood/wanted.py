"""The order that a body asks for."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.fakes.robinhood.house import View
from tests.fakes.robinhood.messages import Refusal
from tests.fakes.robinhood.notation import decimal, is_true
from tradebot.core.model.orders import OrderRequest, OrderType, Side, TimeInForce
from tradebot.core.model.values import whole_shares

#: Captured, in an issue of robin_stocks: the answer to an order of version 1, and to one without a ref_id in 2023.
OUTDATED = "Your app version is missing important stock trading updates. Please update your app to continue trading."
_OLDEST_FORM = 2  # tried by pyhood in 2026-08
_REQUIRED = ("account", "instrument", "symbol", "side", "type", "trigger", "time_in_force", "quantity")
_TIMES_IN_FORCE = {"gfd": TimeInForce.DAY, "gtc": TimeInForce.GTC}


def request_of(view: View, body: Mapping[str, Any]) -> OrderRequest:
    """What is asked of the exchange, under a client_order_id that is yet to be given. Raises Refusal.

    A guess: the order of the checks, and the words for a field that is missing or wrong. An empty field of a form is a
    missing one.
    """
    body = {name: value for name, value in body.items() if value not in (None, "", "None")}
    if int(body.get("order_form_version", 1)) < _OLDEST_FORM or "ref_id" not in body:
        raise Refusal(400, OUTDATED)
    for name in _REQUIRED:
        if name not in body and not (name == "quantity" and "dollar_based_amount" in body):
            raise Refusal(400, {name: ["This field is required."]})
    if "quantity" not in body:
        raise Refusal(400, {"non_field_errors": ["The fake takes no order for an amount of dollars."]})
    if body["account"] != view.names.account():
        raise Refusal(403, "You do not have permission to perform this action.")
    symbol = view.symbol_of(body["instrument"])
    if symbol is None:
        raise Refusal(400, {"instrument": ["Invalid hyperlink - Object does not exist."]})
    if is_true(body.get("extended_hours", "false")) or body.get("market_hours", "regular_hours") != "regular_hours":
        raise Refusal(400, {"non_field_errors": ["The fake trades in regular hours only."]})
    if body["time_in_force"] not in _TIMES_IN_FORCE:
        raise Refusal(400, {"time_in_force": [f'"{body["time_in_force"]}" is not a valid choice.']})
    side = Side(body["side"])
    order_type, limit, stop = _type_of(side, body)
    quantity = decimal(body["quantity"], "quantity")
    _check_fraction(quantity, order_type, body)
    return OrderRequest(
        client_order_id="",
        symbol=symbol,
        side=side,
        quantity=quantity,
        type=order_type,
        time_in_force=_TIMES_IN_FORCE[body["time_in_force"]],
        limit_price=limit,
        stop_price=stop,
    )


def _type_of(side: Side, body: Mapping[str, Any]) -> tuple[OrderType, Decimal | None, Decimal | None]:
    """The type, the limit and the stop.

    A market order to sell has no price, else it is refused (captured, years ago). A stop to buy has a price and rests
    as a stop-limit order; one with a limit of its own is refused, as issues of robin_stocks tell.
    """
    price = decimal(body["price"], "price") if "price" in body else None
    if body["trigger"] == "stop":
        if "stop_price" not in body:
            raise Refusal(400, {"stop_price": ["This field is required."]})
        stop = decimal(body["stop_price"], "stop_price")
        if body["type"] == "limit":
            if side is Side.BUY or price is None:
                raise Refusal(400, {"non_field_errors": ["Invalid limit order"]})
            return OrderType.STOP_LIMIT, price, stop
        if side is Side.SELL and price is not None:
            raise Refusal(400, {"price": ["Price cannot be specified on market orders."]})
        return (OrderType.STOP, None, stop) if price is None else (OrderType.STOP_LIMIT, price, stop)
    if "stop_price" in body:
        raise Refusal(400, {"non_field_errors": ["Stop price is not allowed for an immediate order."]})
    if body["type"] == "limit":
        if price is None:
            raise Refusal(400, {"price": ["This field is required."]})
        return OrderType.LIMIT, price, None
    if price is not None and side is Side.SELL:
        raise Refusal(400, {"price": ["Price cannot be specified on market orders."]})
    return (OrderType.MARKET, None, None) if price is None else (OrderType.LIMIT, price, None)


def _check_fraction(quantity: Decimal, order_type: OrderType, body: Mapping[str, Any]) -> None:
    """Fractions trade at the market, good for the day, with six places (by the source of robin_stocks)."""
    if not quantity.is_finite() or whole_shares(quantity) == quantity:
        return
    if order_type is not OrderType.MARKET or body["time_in_force"] != "gfd":
        raise Refusal(400, "Fractional orders must be market orders that are good for the day.")
    if quantity != round(quantity, 6):
        raise Refusal(400, {"quantity": ["Ensure that there are no more than 6 decimal places."]})
