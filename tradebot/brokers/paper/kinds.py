"""What each kind of order may ask for, as Alpaca has it.

Trailing stops, orders for an auction, for a fraction of a share, for an amount of USD, and exit pairs. Codes and
wording are those of ``admission``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tradebot.brokers.paper.buying_power import closes
from tradebot.brokers.paper.order_validation import FORBIDDEN, UNPROCESSABLE, check_leg, check_price, refusal
from tradebot.brokers.paper.orders import PaperOrder, draft_of
from tradebot.brokers.paper.sessions import EVENING, cls_taken_until, evening_of, opg_taken_until
from tradebot.brokers.paper.view import Floor
from tradebot.core.model.orders import OrderClass, OrderRequest, OrderType, Side, TimeInForce
from tradebot.core.model.values import CENT, NANO_SHARE, ONE, whole

#: USD: the least that an order for an amount may be for.
LEAST_NOTIONAL = ONE
_AUCTIONS = {TimeInForce.OPG: opg_taken_until, TimeInForce.CLS: cls_taken_until}
_IN_AUCTIONS = frozenset({OrderType.MARKET, OrderType.LIMIT})


def check_kind(floor: Floor, request: OrderRequest) -> None:
    """Refuse what this kind of order may not ask for."""
    if request.type is OrderType.OTHER or request.time_in_force is TimeInForce.OTHER:
        raise refusal(UNPROCESSABLE, "invalid order type or time_in_force", request.client_order_id)
    checks: tuple[Callable[[Floor, OrderRequest], None], ...] = (
        _check_trail,
        _check_auction,
        _check_notional,
        _check_fraction,
        _check_exit_pair,
    )
    for check in checks:
        check(floor, request)


def sized(floor: Floor, draft: PaperOrder) -> PaperOrder:
    """An order for an amount of USD with the shares it comes to at the last price, which it is held to at first."""
    if draft.notional is None:
        return draft
    shares = (draft.notional / (floor.last_price(draft.symbol) or ONE)).quantize(NANO_SHARE)
    return replace(draft, quantity=shares)


def _check_trail(floor: Floor, request: OrderRequest) -> None:
    trails = [trail for trail in (request.trail_price, request.trail_pct) if trail is not None]
    if request.type is not OrderType.TRAILING_STOP:
        if trails:
            raise refusal(UNPROCESSABLE, f"{request.type} orders must not have a trail")
        return
    if len(trails) != 1:
        raise refusal(UNPROCESSABLE, "trailing_stop orders require one of trail_price and trail_percent")
    if request.stop_price is not None:
        raise refusal(UNPROCESSABLE, "trailing_stop orders must not have stop_price")
    if request.order_class is not OrderClass.SIMPLE:
        raise refusal(UNPROCESSABLE, "trailing_stop orders must be simple orders", request.order_class)
    check_price("trail_price", request.trail_price, wanted=request.trail_price is not None, order_type=request.type)
    if request.trail_pct is not None and not (request.trail_pct.is_finite() and 0 < request.trail_pct < 1):
        raise refusal(UNPROCESSABLE, "trail_percent must be between 0 and 100", f"got {request.trail_pct * 100}")


def _check_auction(floor: Floor, request: OrderRequest) -> None:
    tif = request.time_in_force
    if tif not in _AUCTIONS:
        return
    if request.type not in _IN_AUCTIONS or request.order_class is not OrderClass.SIMPLE:
        words = f"{tif} orders must be simple market or limit orders"
        raise refusal(UNPROCESSABLE, words, f"{request.order_class} {request.type}")
    until = _AUCTIONS[tif](floor.hours)
    if until <= floor.state.now < evening_of(floor.state.session):
        raise refusal(UNPROCESSABLE, f"{tif} orders are not taken from {until:%H:%M} UTC to {EVENING:%H:%M} New York")


def _check_notional(floor: Floor, request: OrderRequest) -> None:
    notional = request.notional
    if notional is None:
        return
    if request.quantity:
        raise refusal(UNPROCESSABLE, "only one of qty or notional is accepted", f"{request.quantity} and {notional}")
    if not notional.is_finite() or notional < LEAST_NOTIONAL or notional.quantize(CENT) != notional:
        words = f"notional must be at least {LEAST_NOTIONAL} USD, in cents"
        raise refusal(UNPROCESSABLE, words, f"got {notional}")
    if request.type is not OrderType.MARKET:
        raise refusal(UNPROCESSABLE, "notional orders must be market orders", request.type)
    _check_part_of_a_share(floor, request, "notional")


def _check_fraction(floor: Floor, request: OrderRequest) -> None:
    quantity = request.quantity
    if not quantity.is_finite() or whole(quantity) == quantity:
        return
    if quantity.quantize(NANO_SHARE) != quantity:
        raise refusal(UNPROCESSABLE, "qty must have at most 9 decimal places", f"got {quantity}")
    if request.type is OrderType.TRAILING_STOP:
        raise refusal(UNPROCESSABLE, "fractional orders can't be trailing stops", request.client_order_id)
    _check_part_of_a_share(floor, request, "fractional")


def _check_part_of_a_share(floor: Floor, request: OrderRequest, what: str) -> None:
    if request.time_in_force is not TimeInForce.DAY:
        raise refusal(UNPROCESSABLE, f"{what} orders must be DAY orders", request.time_in_force)
    if request.order_class is not OrderClass.SIMPLE:
        raise refusal(UNPROCESSABLE, f"{what} orders must be simple orders", request.order_class)
    if request.side is Side.SELL and not closes(floor, draft_of(request, floor.state.now)):
        raise refusal(FORBIDDEN, f"{what} orders cannot be sold short", f"no {request.symbol} is held")


def _check_exit_pair(floor: Floor, request: OrderRequest) -> None:
    if not request.exit_pair:
        return
    stop = request.stop_loss
    if request.type is not OrderType.LIMIT or stop is None or request.take_profit is not None:
        raise refusal(UNPROCESSABLE, "oco orders must be limit orders with stop_loss", request.client_order_id)
    if not closes(floor, draft_of(request, floor.state.now)):
        raise refusal(UNPROCESSABLE, "oco orders must be exit orders", f"{request.side} {request.symbol}")
    check_price("stop_loss.stop_price", stop, wanted=True, order_type=request.type)
    check_leg("stop_loss.stop_price", stop, request.side, request.limit_price)
