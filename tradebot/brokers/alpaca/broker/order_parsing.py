"""An order as Alpaca shows it, read into the words of this program.

Which state is which: https://docs.alpaca.markets/docs/orders-at-alpaca#order-lifecycle
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

#: Every status that is known. One that is suspended still rests and is not traded: nobody can say what becomes of it.
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
_HELD = "held"
#: Classes of orders that hang together with others.
_GROUPED = frozenset({"bracket", "oto", "oco"})
#: Several options in one order: it has neither a symbol nor a side, and can touch no stock.
_OF_OPTIONS = "mleg"

Word = TypeVar("Word", OrderType, TimeInForce)


@dataclass(frozen=True, slots=True)
class AlpacaOrder:
    """An order, and what Alpaca says of it beyond what this program has words for.

    ``grouped`` says that it is the entry or a leg of a bracket, OTO or OCO; ``group_id`` names that group and
    ``group_role`` its place there, where the server tells. ``replaces`` and ``replaced_by`` are ids of orders.
    """

    order: BrokerOrder
    grouped: bool
    legs: tuple[AlpacaOrder, ...]
    group_id: str | None
    group_role: str | None
    replaces: str | None
    replaced_by: str | None

    @property
    def id(self) -> str:
        return self.order.broker_order_id

    @property
    def is_replaced(self) -> bool:
        return self.order.state is OrderState.REPLACED


def seen(raw: Json) -> AlpacaOrder | None:
    """Read one order; None for one of several options. Raises BrokerUnavailable for what lacks anything needed."""
    identifier = Fields(raw, "an order").text("id")
    fields = Fields(raw, f"order {identifier}")
    order_class = fields.maybe_text("order_class") or ""
    if order_class == _OF_OPTIONS:
        return None
    return AlpacaOrder(
        order=_order(identifier, fields),
        grouped=order_class in _GROUPED,
        legs=tuple(_all_seen(fields)),
        group_id=fields.maybe_text("group_id"),
        group_role=fields.maybe_text("group_role"),
        replaces=fields.maybe_text("replaces"),
        replaced_by=fields.maybe_text("replaced_by"),
    )


def _all_seen(fields: Fields) -> Iterator[AlpacaOrder]:
    for leg in fields.items("legs"):
        if (read := seen(leg)) is not None:
            yield read


def _order(identifier: str, fields: Fields) -> BrokerOrder:
    status = fields.text("status")
    filled = fields.maybe_number("filled_qty") or ZERO
    ordered = fields.maybe_number("qty")
    quantity = filled if ordered is None else ordered  # one for an amount of money has no quantity before it has filled
    state = _state(status, quantity, filled)
    return BrokerOrder(
        broker_order_id=identifier,
        client_order_id=fields.maybe_text("client_order_id") or "",
        symbol=fields.text("symbol"),
        side=side_of(fields),
        quantity=quantity,
        filled_quantity=filled,
        type=_known(OrderType, fields.text("type")),
        time_in_force=_known(TimeInForce, fields.text("time_in_force")),
        state=state,
        submitted_at=submitted_at(fields),
        limit_price=fields.maybe_number("limit_price"),
        stop_price=fields.maybe_number("stop_price"),
        average_fill_price=fields.maybe_number("filled_avg_price"),
        held=status == _HELD,
        reason=f"Alpaca shows it as {status!r}" if state is OrderState.UNKNOWN else "",
        notional=fields.maybe_number("notional"),
        expires_at=fields.maybe_instant("expires_at"),
    )


def submitted_at(fields: Fields) -> datetime:
    """When an order came in; one that waits for its entry may not have been submitted yet."""
    return fields.maybe_instant("submitted_at") or fields.instant("created_at")


def _state(status: str, quantity: Decimal, filled: Decimal) -> OrderState:
    """The state that a status stands for; a live order of which some has filled is partially filled, whatever else."""
    state = STATES.get(status, OrderState.UNKNOWN)
    if state is OrderState.ACCEPTED and filled > 0:
        return OrderState.FILLED if status == "calculated" and filled >= quantity else OrderState.PARTIALLY_FILLED
    return state


def side_of(fields: Fields) -> Side:
    """Buy or sell, and what may come beside them: "sell_short", "buy_minus"."""
    told = fields.text("side")
    side = next((side for side in Side if told.startswith(side)), None)
    if side is None:
        raise BrokerUnavailable(f"Alpaca told of the unknown side {told!r}. Nothing was taken from the answer.")
    return side


def _known(kind: type[Word], text: str) -> Word:
    """The word for this text; OTHER for one that this version does not know."""
    return next((word for word in kind if word == text), kind.OTHER)


def role_of(leg: AlpacaOrder) -> Purpose:
    """What a leg is for: a limit order takes the profit, anything else stops a loss."""
    return Purpose.TARGET if leg.order.type is OrderType.LIMIT else Purpose.STOP
