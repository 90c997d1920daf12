"""Checks of an entry that are made when it is planned and again before it is sent: its price and the order counts.

Prices move and orders are sent in between, so each check uses the figures of its own moment.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tradebot.core.model.account import Quote
from tradebot.core.model.limits import Limits
from tradebot.core.model.orders import Intent
from tradebot.core.model.plan import Denial, DenialCode
from tradebot.core.model.values import dollars, percent
from tradebot.core.risk.objection import Objection


def order_objections(
    intent: Intent, quote: Quote | None, sent_this_minute: int, sent_this_session: int, limits: Limits
) -> tuple[Denial, ...]:
    """The denials of a planned entry now; none when it may be sent. The counts are of orders sent before it."""
    request = intent.request
    prices = [intent.planned_price, request.limit_price, request.stop_price, quote.last if quote else None]
    objections = (
        beyond_collar((price for price in prices if price is not None), quote, limits),
        too_many_this_minute(sent_this_minute, limits),
        too_many_this_session(sent_this_session, limits),
    )
    return tuple(
        objection.denial(intent.strategy, intent.symbol, intent.purpose)
        for objection in objections
        if objection is not None
    )


def beyond_collar(prices: Iterable[Decimal], quote: Quote | None, limits: Limits) -> Objection | None:
    """The objection to the price that is farthest from the last price or the previous close, beyond the collar.

    ``prices``: USD that an entry is sized on or may fill at, without the stop and target of its bracket. A price that
    cannot be compared is objected to.
    """
    code, limit = DenialCode.PRICE_COLLAR, limits.price_collar_pct
    if quote is None or quote.last <= 0:
        return Objection(code, lambda: "there is no last price to compare with", limit=limit)
    if quote.previous_close is None or quote.previous_close <= 0:
        return Objection(code, lambda: f"{quote.symbol} has no previous close to compare with", limit=limit)
    last, before = quote.last, quote.previous_close
    prices = tuple(prices)
    from_last, from_before = limit * last, limit * before
    for price in prices:
        if abs(price - last) > from_last or abs(price - before) > from_before:
            break
    else:
        return None
    references = (("the last price", last), ("the previous close", before))
    away, price, name, reference = max(
        (abs(price - reference) / reference, price, name, reference)
        for price in prices
        for name, reference in references
    )
    if away <= limit:
        return None
    return Objection(
        code,
        lambda: (
            f"the price of {dollars(price)} is {percent(away)} away from {name} of {dollars(reference)}, "
            f"and {percent(limit)} is the most"
        ),
        away,
        limit,
    )


def too_many_this_minute(sent: int, limits: Limits) -> Objection | None:
    """The objection to one more order after ``sent`` orders within a minute."""
    limit = limits.max_orders_per_minute
    if sent < limit:
        return None
    return Objection(
        DenialCode.MAX_ORDERS_PER_MINUTE,
        lambda: f"{sent} orders were sent or planned within a minute, and {limit} is the most",
        Decimal(sent + 1),
        Decimal(limit),
    )


def too_many_this_session(sent: int, limits: Limits) -> Objection | None:
    """The objection to one more order after ``sent`` orders in the session."""
    limit = limits.max_orders_per_session
    if sent < limit:
        return None
    return Objection(
        DenialCode.MAX_ORDERS_PER_SESSION,
        lambda: f"{sent} orders were sent or planned this session, and {limit} is the most",
        Decimal(sent + 1),
        Decimal(limit),
    )
