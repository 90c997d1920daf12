"""Refusals of orders, with the codes and the wording of Alpaca's trading API.

Codes: 40010001 for a malformed request, 40310000 for what the account may not do, 42210000 for an order that makes no
sense, 40410000 for an order that does not exist.
"""

from __future__ import annotations

from decimal import Decimal

from tradebot.brokers.paper.buying_power import buying_power, closes, cost
from tradebot.brokers.paper.orders import PaperOrder, draft_order
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.order_ids import MAX_LENGTH
from tradebot.core.model.order_rules import US_STOCKS
from tradebot.core.model.orders import OrderClass, OrderRequest, OrderType, Side, TimeInForce
from tradebot.core.model.values import tick_size, to_tick, whole_shares
from tradebot.errors import AlreadySent, OrderRefused

MALFORMED = "40010001"
FORBIDDEN = "40310000"
UNPROCESSABLE = "42210000"
NOT_FOUND = "40410000"

_TYPES = frozenset({OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT})
_TIMES_IN_FORCE = frozenset({TimeInForce.DAY, TimeInForce.GTC})
_WITH_LIMIT = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
_WITH_STOP = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})


def refusal(code: str, words: str, detail: str = "") -> OrderRefused:
    """The exception of a refusal: its reason is the code and ``words``, its message adds the figures."""
    return OrderRefused(f"{code} {words}", f"{words}: {detail}" if detail else words)


def check_ids(view: ExchangeView, draft: PaperOrder, *legs: PaperOrder) -> None:
    """Refuse an id that is empty or too long. Raise AlreadySent for an id that this account has ever used."""
    identifier = draft.client_order_id
    if not identifier.strip() or len(identifier) > MAX_LENGTH:
        detail = f"it has {len(identifier)}"
        raise refusal(MALFORMED, f"client_order_id must have 1 to {MAX_LENGTH} characters", detail)
    for identifier in (order.client_order_id for order in (draft, *legs)):
        if view.store.order_by_client_id(identifier) is not None:
            words = "client_order_id must be unique"
            raise AlreadySent(f"{MALFORMED} {words}", f"{words}: {identifier}")


def check_capabilities(view: ExchangeView, request: OrderRequest) -> None:
    """Refuse closing legs, and a part of a share, where the exchange takes none."""
    capabilities, quantity = view.rules.capabilities, request.quantity
    if capabilities.sent(request) != request:
        raise refusal(UNPROCESSABLE, f"{request.order_class} orders are not supported", request.client_order_id)
    if not capabilities.fractions and quantity.is_finite() and whole_shares(quantity) != quantity:
        raise refusal(UNPROCESSABLE, "qty must be whole shares", f"got {quantity}")


def check_kind(view: ExchangeView, request: OrderRequest) -> None:
    """Refuse an unknown type or time in force, and a fraction of a share where none trades.

    Fractions of up to nine decimals trade in DAY orders without legs, worth at least $1, and are never sold short.
    """
    if request.type not in _TYPES or request.time_in_force not in _TIMES_IN_FORCE:
        raise refusal(UNPROCESSABLE, "invalid order type or time_in_force", request.client_order_id)
    quantity = request.quantity
    if not quantity.is_finite() or whole_shares(quantity) == quantity:
        return
    if quantity.quantize(US_STOCKS.share_step) != quantity:
        raise refusal(UNPROCESSABLE, "qty must have at most 9 decimal places", f"got {quantity}")
    if request.time_in_force is not TimeInForce.DAY:
        raise refusal(UNPROCESSABLE, "fractional orders must be DAY orders", request.time_in_force)
    if request.order_class is not OrderClass.SIMPLE:
        raise refusal(UNPROCESSABLE, "fractional orders must be simple orders", request.order_class)
    if request.side is Side.SELL and not closes(view, draft_order(request, view.state.now)):
        raise refusal(FORBIDDEN, "fractional orders cannot be sold short", f"no {request.symbol} is held")
    price = request.limit_price or request.stop_price or view.last_price(request.symbol)
    if price is not None and not US_STOCKS.takes_fraction(quantity, price):
        words = f"cost basis must be >= minimal amount of order {US_STOCKS.min_fraction_value}"
        raise refusal(FORBIDDEN, words, f"{quantity} {request.symbol} at {price}")


def check_order(view: ExchangeView, draft: PaperOrder) -> None:
    """Refuse an unknown symbol, a quantity that is not above 0, and prices that do not fit the type."""
    if view.asset(draft.symbol) is None:
        raise refusal(UNPROCESSABLE, "asset not found", draft.symbol)
    if not draft.quantity.is_finite() or draft.quantity <= 0:
        raise refusal(UNPROCESSABLE, "qty must be > 0", f"got {draft.quantity}")
    check_price("limit_price", draft.limit_price, wanted=draft.type in _WITH_LIMIT, order_type=draft.type)
    check_price("stop_price", draft.stop_price, wanted=draft.type in _WITH_STOP, order_type=draft.type)
    if draft.type is OrderType.MARKET and view.last_price(draft.symbol) is None:
        raise refusal(UNPROCESSABLE, "asset has no price yet", f"{draft.symbol} begins to trade today")


def check_bracket(view: ExchangeView, request: OrderRequest, entry: PaperOrder) -> None:
    """Refuse a bracket that closes a position, has no stop, or has a leg on the wrong side of the entry's price."""
    if request.order_class is OrderClass.SIMPLE:
        return
    if request.stop_loss is None:
        raise refusal(UNPROCESSABLE, "bracket orders require stop_loss", request.client_order_id)
    if closes(view, entry):
        raise refusal(UNPROCESSABLE, "bracket orders must be entry orders", f"{request.side} {request.symbol}")
    base = entry.limit_price or entry.stop_price or view.last_price(entry.symbol)
    check_price("stop_loss.stop_price", request.stop_loss, wanted=True, order_type=entry.type)
    check_leg_price("stop_loss.stop_price", request.stop_loss, entry.side.opposite, base)
    if request.take_profit is not None:
        check_price("take_profit.limit_price", request.take_profit, wanted=True, order_type=entry.type)
        check_leg_price("take_profit.limit_price", request.take_profit, entry.side, base)


def check_available(view: ExchangeView, draft: PaperOrder, besides: int | None = None) -> None:
    """Refuse an order without the shares or the buying power for it.

    The resting group ``besides``, which the order replaces, reserves nothing.
    """
    if closes(view, draft) or draft.parent is not None:
        available = view.book.available_to_close(draft.symbol, draft.side, besides)
        if draft.quantity > available:
            detail = f"requested {draft.quantity} {draft.symbol}, available {available}"
            raise refusal(FORBIDDEN, "insufficient qty available for order", detail)
        return
    if draft.side is Side.SELL and not view.rules.allow_short:
        raise refusal(FORBIDDEN, "account is not allowed to short", f"no {draft.symbol} is held")
    power, needed = buying_power(view, besides), cost(view, draft)
    if needed > power:
        raise refusal(FORBIDDEN, "insufficient buying power", f"{needed:.2f} USD needed, {power:.2f} available")


def check_price(name: str, price: Decimal | None, *, wanted: bool, order_type: OrderType) -> None:
    """Refuse a missing price, an unwanted one, and one that is no multiple of the tick."""
    if price is None:
        if wanted:
            raise refusal(UNPROCESSABLE, f"{order_type} orders require {name}")
        return
    if not wanted:
        raise refusal(UNPROCESSABLE, f"{order_type} orders must not have {name}")
    if not price.is_finite() or price <= 0:
        raise refusal(UNPROCESSABLE, f"{name} must be > 0", f"got {price}")
    if to_tick(price) != price:
        words = "sub-penny increment does not fulfill minimum pricing criteria"
        raise refusal(UNPROCESSABLE, words, f"{name} {price} is not a multiple of {tick_size(price)}")


def check_leg_price(name: str, price: Decimal, above_for: Side, base: Decimal | None) -> None:
    """Refuse a price less than a cent above ``base`` with BUY, or less than a cent below it with SELL."""
    if base is None:
        return
    least = US_STOCKS.leg_distance
    if above_for is Side.BUY and price < base + least:
        raise refusal(UNPROCESSABLE, f"{name} must be >= base_price + {least}", f"{price} against {base}")
    if above_for is Side.SELL and price > base - least:
        raise refusal(UNPROCESSABLE, f"{name} must be <= base_price - {least}", f"{price} against {base}")
