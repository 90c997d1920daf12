"""An order as the exchange keeps it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.core.model.values import ZERO


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """One order. ``fees`` is USD paid on it so far; ``parent`` the number of the entry whose leg it is.

    A leg is ``waiting`` until its entry has filled. ``triggered`` says that its stop price has been reached: a stop
    is a market order from then on, a stop-limit a limit order.
    """

    number: int
    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    type: OrderType
    time_in_force: TimeInForce
    submitted_at: datetime
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    state: OrderState = OrderState.ACCEPTED
    filled_quantity: Decimal = ZERO
    average_fill_price: Decimal | None = None
    fees: Decimal = ZERO
    triggered: bool = False
    waiting: bool = False
    parent: int | None = None
    role: Purpose = Purpose.ENTRY
    reason: str = ""

    @property
    def broker_order_id(self) -> str:
        return broker_order_id(self.number)

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.filled_quantity

    @property
    def live(self) -> bool:
        return self.state.live

    @property
    def working(self) -> bool:
        """True while it may trade: live, and not a leg whose entry has yet to fill."""
        return self.live and not self.waiting

    @property
    def group(self) -> int:
        """The number that an entry and its legs have in common."""
        return self.number if self.parent is None else self.parent


def draft_of(request: OrderRequest, now: datetime) -> PaperOrder:
    """The order that a request asks for, without a number and without its legs."""
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


def legs_of(request: OrderRequest, entry: PaperOrder) -> tuple[PaperOrder, ...]:
    """The legs of a bracket, waiting for ``entry``: the stop, then the target if there is one."""
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
    return f"O-{number:09d}"


def number_of(identifier: str, prefix: str) -> int | None:
    """The number in ``O-000000001`` or ``A-000000001``, or None for an id that the exchange never gave."""
    digits = identifier.removeprefix(f"{prefix}-")
    known = identifier.startswith(f"{prefix}-") and digits.isascii() and digits.isdigit() and len(digits) >= 9
    return int(digits) if known else None


def as_shown(order: PaperOrder, bracket: Collection[PaperOrder], *, with_legs: bool = False) -> BrokerOrder:
    """The order as a broker shows it, given what is live of its bracket, and the entry, at least.

    A stop leg is held while its entry waits, and while the target beside it is live: the two share their quantity.
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
        legs=tuple(as_shown(leg, bracket) for leg in legs) if with_legs else (),
        reason=order.reason,
    )
