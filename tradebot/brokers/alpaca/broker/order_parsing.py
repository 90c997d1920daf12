"""Parses Alpaca's JSON of an order.

States: https://docs.alpaca.markets/docs/orders-at-alpaca#order-lifecycle
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from tradebot.brokers.alpaca.json_fields import Fields
from tradebot.brokers.http.responses import Json
from tradebot.core.model.orders import BrokerOrder, OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.core.model.values import ZERO
from tradebot.errors import BrokerUnavailable

#: Every known status. A suspended order still rests but does not trade, and its outcome is open: UNKNOWN.
STATES = {
    "new": OrderState.ACCEPTED,
    "accepted": OrderState.ACCEPTED,
    "pending_new": OrderState.ACCEPTED,
    "pending_review": OrderState.ACCEPTED,
    "accepted_for_bidding": OrderState.ACCEPTED,
    "held": OrderState.ACCEPTED,
    "stopped": OrderState.ACCEPTED,
    "pending_cancel": OrderState.ACCEPTED,
    "pending_replace": OrderState.ACCEPTED,
    "done_for_day": OrderState.ACCEPTED,
    "calculated": OrderState.ACCEPTED,
    "suspended": OrderState.UNKNOWN,
    "partially_filled": OrderState.PARTIALLY_FILLED,
    "filled": OrderState.FILLED,
    "canceled": OrderState.CANCELLED,
    "expired": OrderState.EXPIRED,
    "rejected": OrderState.REJECTED,
    "replaced": OrderState.REPLACED,
}
#: Statuses of a live order that does not surely work: not yet taken by the exchange, about to end, or suspended.
_RESTLESS = frozenset({"pending_new", "pending_review", "pending_cancel", "suspended"})
_HELD = "held"
_GROUP_CLASSES = frozenset({"bracket", "oto", "oco"})
#: An order of several options. It has neither symbol nor side, and trades no stock.
_MULTI_LEG = "mleg"

Term = TypeVar("Term", OrderType, TimeInForce)


@dataclass(frozen=True, slots=True)
class AlpacaOrder:
    """An order, and the fields of Alpaca's that a BrokerOrder has no place for."""

    order: BrokerOrder
    grouped: bool  # the head or a leg of a bracket, an OTO or an OCO
    legs: tuple[AlpacaOrder, ...]
    group_id: str | None  # where the server gives one
    group_role: str | None  # "entry", "stop_loss" or "take_profit", where the server gives one
    replaces: str | None  # id of the order that this one replaces
    replaced_by: str | None  # id of the order that replaces this one

    @property
    def id(self) -> str:
        """Alpaca's id of the order, a UUID."""
        return self.order.broker_order_id

    @property
    def is_replaced(self) -> bool:
        """Whether another order has taken the place of this one."""
        return self.order.state is OrderState.REPLACED


def parse_order(raw: Json) -> AlpacaOrder | None:
    """Parse one order; None for an order of several options. Raises BrokerUnavailable for a missing field."""
    identifier = Fields(raw, "an order").text("id")
    fields = Fields(raw, f"order {identifier}")
    order_class = fields.maybe_text("order_class") or ""
    if order_class == _MULTI_LEG:
        return None
    return AlpacaOrder(
        order=_broker_order(identifier, fields),
        grouped=order_class in _GROUP_CLASSES,
        legs=tuple(_parse_legs(fields)),
        group_id=fields.maybe_text("group_id"),
        group_role=fields.maybe_text("group_role"),
        replaces=fields.maybe_text("replaces"),
        replaced_by=fields.maybe_text("replaced_by"),
    )


def _parse_legs(fields: Fields) -> Iterator[AlpacaOrder]:
    for raw in fields.items("legs"):
        if (leg := parse_order(raw)) is not None:
            yield leg


def _broker_order(identifier: str, fields: Fields) -> BrokerOrder:
    status = fields.text("status")
    filled = fields.maybe_number("filled_qty") or ZERO
    ordered = fields.maybe_number("qty")
    quantity = filled if ordered is None else ordered  # an order for a notional has no "qty"
    state = _state(status, quantity, filled)
    return BrokerOrder(
        broker_order_id=identifier,
        client_order_id=fields.maybe_text("client_order_id") or "",
        symbol=fields.text("symbol"),
        side=parse_side(fields),
        quantity=quantity,
        filled_quantity=filled,
        type=_term_or_other(OrderType, fields.text("type")),
        time_in_force=_term_or_other(TimeInForce, fields.text("time_in_force")),
        state=state,
        submitted_at=submitted_at(fields),
        limit_price=fields.maybe_number("limit_price"),
        stop_price=fields.maybe_number("stop_price"),
        average_fill_price=fields.maybe_number("filled_avg_price"),
        held=status == _HELD,
        reason=f"Alpaca shows it as {status!r}" if state is OrderState.UNKNOWN else "",
        notional=fields.maybe_number("notional"),
        expires_at=fields.maybe_instant("expires_at"),
        rests=status in STATES and status not in _RESTLESS,
    )


def submitted_at(fields: Fields) -> datetime:
    """When an order was submitted, aware UTC. A leg that waits for its entry may have only a creation time."""
    return fields.maybe_instant("submitted_at") or fields.instant("created_at")


def _state(status: str, quantity: Decimal, filled: Decimal) -> OrderState:
    """The state of a status. A live order with any fill is PARTIALLY_FILLED, whatever its status."""
    state = STATES.get(status, OrderState.UNKNOWN)
    if state is OrderState.ACCEPTED and filled > 0:
        return OrderState.FILLED if status == "calculated" and filled >= quantity else OrderState.PARTIALLY_FILLED
    return state


def parse_side(fields: Fields) -> Side:
    """The side, from values such as "buy", "sell", "sell_short" and "buy_minus"."""
    value = fields.text("side")
    side = next((side for side in Side if value.startswith(side)), None)
    if side is None:
        raise BrokerUnavailable(f"Alpaca told of the unknown side {value!r}. Nothing was taken from the answer.")
    return side


def _term_or_other(terms: type[Term], text: str) -> Term:
    """The member with this value; OTHER for a value that this version does not know."""
    return next((term for term in terms if term == text), terms.OTHER)


def leg_role(leg: AlpacaOrder) -> Purpose:
    """TARGET for a limit order, STOP for any other leg."""
    return Purpose.TARGET if leg.order.type is OrderType.LIMIT else Purpose.STOP
