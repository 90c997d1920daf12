"""Why an order was denied, in few plain words with its figures, for a line of a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.model.plan import DenialCode
from tradebot.core.model.values import canonical, dollars, percent


def _count(number: Decimal) -> str:
    return f"{number:,.0f}"


def _shares(number: Decimal) -> str:
    return f"{number:,f}" if number == number.to_integral_value() else canonical(round(number, 2))


@dataclass(frozen=True, slots=True)
class _Words:
    """How a code is told: its words, how its figure is written, and what stands between figure and limit."""

    text: str
    figure: Callable[[Decimal], str] | None = None  # None: the figures say nothing more
    against: str = "of at most"


_WORDS = {
    DenialCode.HALTED: _Words("halted"),
    DenialCode.PREFLIGHT: _Words("a check of preflight failed"),
    DenialCode.MARKET_CLOSED: _Words("the exchange was closed"),
    DenialCode.CASH_UNEXPLAINED: _Words("the cash is not explained"),
    DenialCode.SYMBOL_LOCKED: _Words("locked"),
    DenialCode.SYMBOL_NOT_ALLOWED: _Words("not allowed by the settings"),
    DenialCode.SYMBOL_OWNED: _Words("another owns it"),
    DenialCode.ALREADY_HELD: _Words("held already"),
    DenialCode.ORDER_PENDING: _Words("an order is under way"),
    DenialCode.ALREADY_DECIDED: _Words("decided earlier"),
    DenialCode.NOT_TRADABLE: _Words("the broker does not trade it"),
    DenialCode.NO_PRICE: _Words("no usable price"),
    DenialCode.INVALID_STOP: _Words("its stop is no fraction of a price", canonical, "and not below"),
    DenialCode.INVALID_TARGET: _Words("its target is no fraction of a price", canonical, "and at most"),
    DenialCode.STALE_SIGNAL: _Words("the signal is old"),
    DenialCode.PRICE_COLLAR: _Words("price too far off:", percent),
    DenialCode.REPEAT_ORDER_LIMIT: _Words("entered too often in a row:", _count),
    DenialCode.ACCOUNT_BLOCKED: _Words("the broker blocked the account"),
    DenialCode.MAX_POSITIONS: _Words("positions:", _count),
    DenialCode.MAX_POSITION_SIZE: _Words("position", dollars),
    DenialCode.MAX_PORTFOLIO_RISK: _Words("loss at the stops", dollars),
    DenialCode.MAX_GROSS_EXPOSURE: _Words("all positions", dollars),
    DenialCode.MAX_DAILY_TRADES: _Words("entries today:", _count),
    DenialCode.MAX_ORDERS_PER_MINUTE: _Words("orders in a minute:", _count),
    DenialCode.MAX_ORDERS_PER_SESSION: _Words("orders this session:", _count),
    DenialCode.MAX_ORDER_VALUE: _Words("order", dollars),
    DenialCode.MAX_ORDER_ADV: _Words("shares:", _shares),
    DenialCode.MIN_ORDER_VALUE: _Words("order", dollars, "of at least"),
    DenialCode.BUYING_POWER: _Words("order", dollars, "and buying power"),
    DenialCode.DAILY_LOSS: _Words("lost today", percent),
    DenialCode.DRAWDOWN: _Words("below the peak", percent),
    DenialCode.ZERO_QUANTITY: _Words("less than one share fits the limits"),
    DenialCode.NOTHING_TO_SELL: _Words("nothing to sell"),
    DenialCode.REFUSED_BY_BROKER: _Words("the broker refused it"),
}


def denial_text(code: str, value: Decimal | None, limit: Decimal | None) -> str:
    """A denial in few words: "order $12,000.00 of at most $10,000.00". An unknown code stands for itself."""
    words = _WORDS.get(DenialCode(code)) if code in set(DenialCode) else None
    if words is None:
        return code
    if words.figure is None or value is None:
        return words.text.removesuffix(":")
    against = f" {words.against} {words.figure(limit)}" if limit is not None else ""
    return f"{words.text} {words.figure(value)}{against}"
