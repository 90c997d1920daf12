"""What the exchange refuses, and the words it refuses with.

The codes and the wording follow those of Alpaca's trading API, so that one way of handling a refusal fits both:
40010001 for what is malformed, 40310000 for what the account may not do, 42210000 for what makes no sense as an order,
40410000 for what does not exist.
"""

from __future__ import annotations

from decimal import Decimal

from tradebot.brokers.paper.buying_power import buying_power, closes, cost
from tradebot.brokers.paper.orders import PaperOrder, draft_of
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.order_ids import MAX_LENGTH
from tradebot.core.model.orders import OrderClass, OrderRequest, OrderType, Side, TimeInForce
from tradebot.core.model.values import NANO_SHARE, tick_size, to_tick, whole_shares
from tradebot.errors import AlreadySent, OrderRefused

MALFORMED = "40010001"
FORBIDDEN = "40310000"
UNPROCESSABLE = "42210000"
NOT_FOUND = "40410000"

_HAS_LIMIT = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT})
_HAS_STOP = frozenset({OrderType.STOP, OrderType.STOP_LIMIT})


def refusal(code: str, words: str, detail: str = "") -> OrderRefused:
    """The exchange's no: a code with the short words that belong to it, and a message with the figures."""
    return OrderRefused(f"{code} {words}", f"{words}: {detail}" if detail else words)


def check_ids(floor: ExchangeView, draft: PaperOrder, *legs: PaperOrder) -> None:
    """Refuse an id that is empty, too long, or was ever used in this account, by a leg or otherwise."""
    identifier = draft.client_order_id
    if not identifier.strip() or len(identifier) > MAX_LENGTH:
        detail = f"it has {len(identifier)}"
        raise refusal(MALFORMED, f"client_order_id must have 1 to {MAX_LENGTH} characters", detail)
    for identifier in (order.client_order_id for order in (draft, *legs)):
        if floor.store.order_by_client_id(identifier) is not None:
            words = "client_order_id must be unique"
            raise AlreadySent(f"{MALFORMED} {words}", f"{words}: {identifier}")


def check_order(floor: ExchangeView, draft: PaperOrder) -> None:
    """Refuse an order that makes no sense by itself: its symbol, quantity and prices."""
    if floor.asset(draft.symbol) is None:
        raise refusal(UNPROCESSABLE, "asset not found", draft.symbol)
    if not draft.quantity.is_finite() or draft.quantity <= 0:
        raise refusal(UNPROCESSABLE, "qty must be > 0", f"got {draft.quantity}")
    check_price("limit_price", draft.limit_price, wanted=draft.type in _HAS_LIMIT, order_type=draft.type)
    check_price("stop_price", draft.stop_price, wanted=draft.type in _HAS_STOP, order_type=draft.type)
    if draft.type is OrderType.MARKET and floor.last_price(draft.symbol) is None:
        raise refusal(UNPROCESSABLE, "asset has no price yet", f"{draft.symbol} begins to trade today")


def check_bracket(floor: ExchangeView, request: OrderRequest, entry: PaperOrder) -> None:
    """Refuse legs that do not lie on their own sides of the price the entry is based on."""
    if request.order_class is OrderClass.SIMPLE:
        return
    if request.stop_loss is None:
        raise refusal(UNPROCESSABLE, "bracket orders require stop_loss", request.client_order_id)
    if closes(floor, entry):
        raise refusal(UNPROCESSABLE, "bracket orders must be entry orders", f"{request.side} {request.symbol}")
    base = entry.limit_price or entry.stop_price or floor.last_price(entry.symbol)
    check_price("stop_loss.stop_price", request.stop_loss, wanted=True, order_type=entry.type)
    check_leg("stop_loss.stop_price", request.stop_loss, entry.side.opposite, base)
    if request.take_profit is not None:
        check_price("take_profit.limit_price", request.take_profit, wanted=True, order_type=entry.type)
        check_leg("take_profit.limit_price", request.take_profit, entry.side, base)


def check_means(floor: ExchangeView, draft: PaperOrder, besides: int | None = None) -> None:
    """Refuse what the account has not the shares or the money for; the resting group ``besides`` makes room."""
    if closes(floor, draft) or draft.parent is not None:
        available = floor.book.uncommitted(draft.symbol, draft.side, besides)
        if draft.quantity > available:
            detail = f"requested {draft.quantity} {draft.symbol}, available {available}"
            raise refusal(FORBIDDEN, "insufficient qty available for order", detail)
        return
    if draft.side is Side.SELL and not floor.rules.allow_short:
        raise refusal(FORBIDDEN, "account is not allowed to short", f"no {draft.symbol} is held")
    power, needed = buying_power(floor, besides), cost(floor, draft)
    if needed > power:
        raise refusal(FORBIDDEN, "insufficient buying power", f"{needed:.2f} USD needed, {power:.2f} available")


def check_price(name: str, price: Decimal | None, *, wanted: bool, order_type: OrderType) -> None:
    """Refuse a price that is missing, not wanted, or no multiple of a tick."""
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


def check_leg(name: str, price: Decimal, above_for: Side, base: Decimal | None) -> None:
    """Refuse a price that does not lie a tick above ``base`` for a buy in ``above_for``, a tick below it for a sale."""
    if base is None:
        return
    tick = tick_size(base)
    if above_for is Side.BUY and price < base + tick:
        raise refusal(UNPROCESSABLE, f"{name} must be >= base_price + {tick}", f"{price} against {base}")
    if above_for is Side.SELL and price > base - tick:
        raise refusal(UNPROCESSABLE, f"{name} must be <= base_price - {tick}", f"{price} against {base}")


_TYPES = frozenset({OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT})
_TIMES_IN_FORCE = frozenset({TimeInForce.DAY, TimeInForce.GTC})


def check_kind(floor: ExchangeView, request: OrderRequest) -> None:
    """Refuse a type or a time in force that this exchange does not know, and a fraction of a share where none trades.

    A fraction trades in DAY orders without legs, to nine decimals, and is never sold short.
    """
    if request.type not in _TYPES or request.time_in_force not in _TIMES_IN_FORCE:
        raise refusal(UNPROCESSABLE, "invalid order type or time_in_force", request.client_order_id)
    quantity = request.quantity
    if not quantity.is_finite() or whole_shares(quantity) == quantity:
        return
    if quantity.quantize(NANO_SHARE) != quantity:
        raise refusal(UNPROCESSABLE, "qty must have at most 9 decimal places", f"got {quantity}")
    if request.time_in_force is not TimeInForce.DAY:
        raise refusal(UNPROCESSABLE, "fractional orders must be DAY orders", request.time_in_force)
    if request.order_class is not OrderClass.SIMPLE:
        raise refusal(UNPROCESSABLE, "fractional orders must be simple orders", request.order_class)
    if request.side is Side.SELL and not closes(floor, draft_of(request, floor.state.now)):
        raise refusal(FORBIDDEN, "fractional orders cannot be sold short", f"no {request.symbol} is held")
