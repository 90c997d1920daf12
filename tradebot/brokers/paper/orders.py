"""Orders of the embedded exchange."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.core.model.values import ZERO


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """One order. Prices are USD a share."""

    number: int
    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    type: OrderType
    time_in_force: TimeInForce
    submitted_at: datetime  # aware UTC
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    state: OrderState = OrderState.ACCEPTED
    filled_quantity: Decimal = ZERO
    average_fill_price: Decimal | None = None
    fees: Decimal = ZERO  # commission paid so far, USD
    triggered: bool = False  # the stop price was reached: a stop is then a market order, a stop-limit a limit order
    waiting: bool = False  # a leg whose entry has not filled
    parent: int | None = None  # the number of the entry, if the order is a leg
    role: Purpose = Purpose.ENTRY
    reason: str = ""  # why it ended

    @property
    def broker_order_id(self) -> str:
        """The exchange's id of the order."""
        return broker_order_id(self.number)

    @property
    def remaining(self) -> Decimal:
        """The shares that have not filled."""
        return self.quantity - self.filled_quantity

    @property
    def live(self) -> bool:
        """Whether the order may still fill."""
        return self.state.live

    @property
    def working(self) -> bool:
        """Whether the order may fill now: it is live, and no leg that waits for its entry."""
        return self.live and not self.waiting

    @property
    def group(self) -> int:
        """The number of the entry, which an entry and its legs share."""
        return self.number if self.parent is None else self.parent


def draft_order(request: OrderRequest, now: datetime) -> PaperOrder:
    """The order of a request, without a number and without its legs."""
    return PaperOrder(
        number=0,
        client_order_id=request.client_order_id,
        symbol=request.symbol,
        side=request.side,
        quantity=request.quantity,
        type=request.type,
        time_in_force=request.time_in_force,
        submitted_at=now,
        limit_price=request.limit_price,
        stop_price=request.stop_price,
    )


def bracket_legs(request: OrderRequest, entry: PaperOrder) -> tuple[PaperOrder, ...]:
    """The legs of a bracket, which wait for ``entry``: the stop, then the target. None for a simple order."""
    leg = replace(entry, side=entry.side.opposite, parent=entry.number, waiting=True, limit_price=None, stop_price=None)
    legs = []
    if request.stop_loss is not None:
        legs.append(
            replace(
                leg,
                client_order_id=f"{entry.client_order_id}.stop",
                role=Purpose.STOP,
                type=OrderType.STOP,
                stop_price=request.stop_loss,
            )
        )
    if request.take_profit is not None:
        legs.append(
            replace(
                leg,
                client_order_id=f"{entry.client_order_id}.target",
                role=Purpose.TARGET,
                type=OrderType.LIMIT,
                limit_price=request.take_profit,
            )
        )
    return tuple(legs)


def broker_order_id(number: int) -> str:
    """The id of an order: "O-000000001"."""
    return f"O-{number:09d}"


def parse_number(identifier: str, prefix: str) -> int | None:
    """The number of an id such as "O-000000001" or "A-000000001"; None for an id of another form."""
    digits = identifier.removeprefix(f"{prefix}-")
    is_valid = identifier.startswith(f"{prefix}-") and digits.isascii() and digits.isdigit() and len(digits) >= 9
    return int(digits) if is_valid else None


def as_broker_order(order: PaperOrder, bracket: Collection[PaperOrder], *, with_legs: bool = False) -> BrokerOrder:
    """The order as the broker shows it. ``bracket`` has at least the live orders of its bracket and the entry.

    A stop leg is held while its entry waits, and while its target works: the two share their quantity.
    """
    others = [other for other in bracket if other.number != order.number]
    shares_quantity = order.role is Purpose.STOP and any(o.working and o.role is Purpose.TARGET for o in others)
    parent = next((other for other in others if other.number == order.parent), None)
    legs = [leg for leg in others if leg.parent == order.number and leg.state is not OrderState.REPLACED]
    return BrokerOrder(
        broker_order_id=order.broker_order_id,
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        quantity=order.quantity,
        filled_quantity=order.filled_quantity,
        type=order.type,
        time_in_force=order.time_in_force,
        state=order.state,
        submitted_at=order.submitted_at,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        average_fill_price=order.average_fill_price,
        parent_id=None if order.parent is None else broker_order_id(order.parent),
        parent_client_order_id=None if parent is None else parent.client_order_id,
        role=order.role,
        held=order.live and (order.waiting or shares_quantity),
        legs=tuple(as_broker_order(leg, bracket) for leg in legs) if with_legs else (),
        reason=order.reason,
    )
