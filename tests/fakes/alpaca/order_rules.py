"""Alpaca's rules of prices and sizes, stated on the JSON of an order as it was sent, apart from the code that plans."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

NOT_FRACTIONABLE = "asset is not fractionable"
TOO_SMALL = "cost basis must be >= minimal amount of order 1"
#: What is told with 403 and 40310000; the others are told with 422 and 42210000.
FORBIDDEN = frozenset({NOT_FRACTIONABLE, TOO_SMALL})


def broken_rule(body: dict[str, Any], base: Decimal | None, *, fractionable: bool) -> str:
    """The words of the first rule that an order breaks; "" if it is taken. ``base`` is the last price, if there is one.

    Source of the rules: Alpaca's pages on orders and on fractional trading (2 decimals from $1 up and 4 below; a leg at
    least $0.01 from the base price; fractions of fractionable assets in DAY orders alone, to 9 decimals, from $1 up).
    """
    stop_loss = (body.get("stop_loss") or {}).get("stop_price")
    take_profit = (body.get("take_profit") or {}).get("limit_price")
    for price in (body.get("limit_price"), body.get("stop_price"), stop_loss, take_profit):
        if price is not None and (words := _bad_price(price)):
            return words
    if (words := _bad_leg(body, base, stop_loss, take_profit)) or _is_whole(body["qty"]):
        return words
    return _bad_fraction(body, base, fractionable=fractionable)


def _bad_price(text: str) -> str:
    if Decimal(text) <= 0:
        return "price must be > 0"
    words = "sub-penny increment does not fulfill minimum pricing criteria"
    return words if _decimals(text) > (2 if Decimal(text) >= 1 else 4) else ""


def _bad_leg(body: dict[str, Any], base: Decimal | None, stop_loss: str | None, take_profit: str | None) -> str:
    if body.get("limit_price") or body.get("stop_price"):
        base = Decimal(body.get("limit_price") or body["stop_price"])
    if base is None:
        return ""
    sign = 1 if body["side"] == "buy" else -1
    if stop_loss is not None and (base - Decimal(stop_loss)) * sign < Decimal("0.01"):
        return "stop_loss.stop_price must be <= base_price - 0.01"
    if take_profit is not None and (Decimal(take_profit) - base) * sign < Decimal("0.01"):
        return "take_profit.limit_price must be >= base_price + 0.01"
    return ""


def _bad_fraction(body: dict[str, Any], base: Decimal | None, *, fractionable: bool) -> str:
    if not fractionable:
        return NOT_FRACTIONABLE
    if body["time_in_force"] != "day":
        return "fractional orders must be DAY orders"
    if body.get("order_class", "simple") != "simple":
        return "fractional orders must be simple orders"
    if _decimals(body["qty"]) > 9:
        return "qty must have at most 9 decimal places"
    price = body.get("limit_price") or body.get("stop_price") or base
    if price is not None and Decimal(body["qty"]) * Decimal(price) < 1:
        return TOO_SMALL
    return ""


def _is_whole(quantity: str) -> bool:
    return Decimal(quantity) == int(Decimal(quantity))


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])
