"""The limits, worked out a second time: from the exchange's own state, at the moment an entry leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tests.worlds.eyes import Eyes
from tradebot.core.model.account import Position
from tradebot.core.model.limits import Limits
from tradebot.core.model.order_ids import parse
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState, Purpose, Side
from tradebot.core.model.values import ZERO

#: What is compared is rounded to whole cents by the exchange.
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Scene:
    """The account at the exchange as an entry leaves.

    ``last`` are the newest prices, ``stops`` the shares of ours and their stop price, ``entries`` the entries of the
    session that the exchange has taken in so far. ``equity`` is what the process read last, or None when prices have
    moved since: then what an order is worth is no longer what it was worth when it was decided on.
    """

    limits: Limits
    equity: Decimal | None
    positions: tuple[Position, ...]
    orders: tuple[BrokerOrder, ...]
    last: dict[str, Decimal]
    stops: dict[str, tuple[Decimal, Decimal]]
    entries: int


def breaches(scene: Scene, request: OrderRequest) -> Iterator[str]:
    """Every limit that the account exceeds once ``request``, an entry, has been filled. Positions are long here."""
    limits = scene.limits
    if scene.entries + 1 > limits.max_daily_trades:
        yield f"entry {scene.entries + 1} of the session, {limits.max_daily_trades} are allowed"
    opening = [order for order in scene.orders if order.parent_id is None and order.side is Side.BUY]
    symbols = {position.symbol for position in scene.positions} | {order.symbol for order in opening} | {request.symbol}
    if len(symbols) > limits.max_positions:
        yield f"{len(symbols)} positions, {limits.max_positions} are allowed"
    if scene.equity is not None:
        yield from _worth(scene, scene.equity, opening, request)


def entries_of(session: date, orders: Iterable[BrokerOrder]) -> int:
    """How many of these orders are entries of a session, those that the exchange rejected left out."""
    sent = ((parse(order.client_order_id), order.state) for order in orders)
    return sum(
        1
        for made, state in sent
        if made is not None
        and (made.session, made.purpose) == (session, Purpose.ENTRY)
        and state is not OrderState.REJECTED
    )


def stops_of(ledger: Eyes, orders: Iterable[BrokerOrder]) -> dict[str, tuple[Decimal, Decimal]]:
    """The shares of ours and their stop price: of the holding in the ledger, or of the stop that rests before that."""
    resting = {
        order.symbol: (order.remaining, order.stop_price)
        for order in orders
        if order.stop_price is not None and not order.client_order_id.startswith("hand-")
    }
    held = {
        row["symbol"]: (Decimal(row["quantity"]), Decimal(row["stop_price"]))
        for row in ledger.rows("SELECT * FROM holdings")
    }
    return resting | held


def _worth(scene: Scene, equity: Decimal, opening: list[BrokerOrder], request: OrderRequest) -> Iterator[str]:
    limits, price = scene.limits, request.limit_price or scene.last[request.symbol]
    value = request.quantity * price
    if value > limits.max_order_value:
        yield f"it is worth {value}, {limits.max_order_value} is allowed"
    if value < limits.min_order_value:
        yield f"it is worth {value}, {limits.min_order_value} is the least"
    values: dict[str, Decimal] = {request.symbol: value}
    risk = request.quantity * (price - (request.stop_loss or ZERO))
    for position in scene.positions:
        values[position.symbol] = values.get(position.symbol, ZERO) + abs(position.market_value)
        risk += _risk_of(position, scene)
    for order in opening:
        at = order.limit_price or max(order.stop_price or ZERO, scene.last[order.symbol])  # no more than its limit
        values[order.symbol] = values.get(order.symbol, ZERO) + order.remaining * at
    if values[request.symbol] > equity * limits.max_position_size_pct + _CENT:
        yield f"the position would be worth {values[request.symbol]} of {equity}"
    if sum(values.values()) > equity * limits.max_gross_exposure_pct + _CENT:
        yield f"gross exposure would be {sum(values.values())} of {equity}"
    if risk > equity * limits.max_portfolio_risk_pct + _CENT:
        yield f"{risk} of {equity} would be at risk"


def _risk_of(position: Position, scene: Scene) -> Decimal:
    """What a position would lose: our shares down to their stop, foreign ones as if they had the default one."""
    shares, stop = scene.stops.get(position.symbol, (ZERO, ZERO))
    ours = min(shares, position.quantity)
    foreign = (position.quantity - ours) * position.market_price * scene.limits.default_stop_loss_pct
    return foreign + max(ZERO, ours * (position.market_price - stop))
