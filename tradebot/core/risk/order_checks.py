"""What is compared when an entry is planned, and once more as it leaves: its price, and how many orders left before.

Prices move and orders leave between the two moments, so each comparison is made with the figures of its own moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.model.account import Quote
from tradebot.core.model.limits import Limits
from tradebot.core.model.orders import Intent, OrderType
from tradebot.core.model.plan import Denial, DenialCode
from tradebot.core.model.values import dollars, percent


@dataclass(frozen=True, slots=True)
class Objection:
    """What broke a limit, in words and numbers; not yet said of anybody's entry."""

    code: DenialCode
    message: str
    value: Decimal | None = None
    limit: Decimal | None = None


def order_objections(
    intent: Intent, quote: Quote | None, sent_this_minute: int, sent_this_session: int, limits: Limits
) -> tuple[Denial, ...]:
    """Why an entry that was planned is not to leave now; nothing when it may."""
    request = intent.request
    prices = [intent.planned_price, request.limit_price, request.stop_price]
    if request.type is OrderType.MARKET and quote is not None:
        prices.append(quote.last)
    found = (
        beyond_collar((price for price in prices if price is not None), quote, limits),
        too_many_this_minute(sent_this_minute, limits),
        too_many_this_session(sent_this_session, limits),
    )
    return tuple(
        Denial(each.code, intent.strategy, intent.symbol, intent.purpose, each.message, each.value, each.limit)
        for each in found
        if each is not None
    )


def beyond_collar(prices: Iterable[Decimal], quote: Quote | None, limits: Limits) -> Objection | None:
    """The price furthest from the last price or the previous close, when that is further than the collar.

    The prices are those that an entry is sized on or may fill at, USD; stop and target of its bracket are none of them.
    What cannot be compared is refused.
    """
    code, limit = DenialCode.PRICE_COLLAR, limits.price_collar_pct
    if quote is None or quote.last <= 0:
        return Objection(code, "there is no last price to compare with", limit=limit)
    if quote.previous_close is None or quote.previous_close <= 0:
        return Objection(code, f"{quote.symbol} has no previous close to compare with", limit=limit)
    references = (("the last price", quote.last), ("the previous close", quote.previous_close))
    away, price, name, reference = max(
        (abs(price - reference) / reference, price, name, reference)
        for price in prices
        for name, reference in references
    )
    if away <= limit:
        return None
    message = (
        f"the price of {dollars(price)} is {percent(away)} away from {name} of {dollars(reference)}, "
        f"and {percent(limit)} is the most"
    )
    return Objection(code, message, away, limit)


def too_many_this_minute(sent: int, limits: Limits) -> Objection | None:
    """Whether one order more, after ``sent`` within a minute, is one too many."""
    limit = limits.max_orders_per_minute
    if sent < limit:
        return None
    message = f"{sent} orders were sent or planned within a minute, and {limit} is the most"
    return Objection(DenialCode.MAX_ORDERS_PER_MINUTE, message, Decimal(sent + 1), Decimal(limit))


def too_many_this_session(sent: int, limits: Limits) -> Objection | None:
    """Whether one order more, after ``sent`` in the session, is one too many."""
    limit = limits.max_orders_per_session
    if sent < limit:
        return None
    message = f"{sent} orders were sent or planned this session, and {limit} is the most"
    return Objection(DenialCode.MAX_ORDERS_PER_SESSION, message, Decimal(sent + 1), Decimal(limit))
