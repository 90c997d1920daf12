"""Parses Robinhood's JSON of an order.

Rows are captured: they carry no symbol, ``ref_id`` is null on some, and no field tells when an order ends. The words
for states are captured from the schema of Robinhood's own tool for agents. Whether an order is live is decided by its
state alone, and never by whether it shows an address to cancel it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from tradebot.brokers.http.responses import Json
from tradebot.brokers.robinhood.json_fields import Fields
from tradebot.core.model.orders import BrokerOrder, OrderState, OrderType, Side, TimeInForce
from tradebot.core.model.values import ZERO
from tradebot.errors import BrokerUnavailable

#: How long an order lives that is good until it is cancelled: the usual time, not confirmed for Robinhood.
GTC_AGE = timedelta(days=90)
#: Every known state. ``voided`` and ``failed`` end an order; expiry shows as ``cancelled`` (a guess).
STATES = {
    "new": OrderState.ACCEPTED,
    "queued": OrderState.ACCEPTED,  # the market is closed
    "unconfirmed": OrderState.ACCEPTED,
    "confirmed": OrderState.ACCEPTED,
    "locating": OrderState.ACCEPTED,
    "pending_cancelled": OrderState.ACCEPTED,
    "partially_filled": OrderState.PARTIALLY_FILLED,
    "filled": OrderState.FILLED,
    "rejected": OrderState.REJECTED,
    "failed": OrderState.REJECTED,
    "locate_failed": OrderState.REJECTED,
    "voided": OrderState.CANCELLED,
    "cancelled": OrderState.CANCELLED,
    "canceled": OrderState.CANCELLED,
    "partially_filled_rest_cancelled": OrderState.CANCELLED,
}
#: The states in which an order surely works, or surely will at the open.
_RESTING = frozenset({"queued", "confirmed", "partially_filled"})
#: What ``user_cancel_request_state`` says while nobody has asked to cancel (captured); anything else is a cancel.
_NO_CANCEL = frozenset({None, "no_cancel_requested", "order_finalized"})

_TIMES = {"gfd": TimeInForce.DAY, "gtc": TimeInForce.GTC, "opg": TimeInForce.OPG}
_TYPES = {
    ("market", "immediate"): OrderType.MARKET,
    ("limit", "immediate"): OrderType.LIMIT,
    ("market", "stop"): OrderType.STOP,
    ("limit", "stop"): OrderType.STOP_LIMIT,
}


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution of an order."""

    id: str
    quantity: Decimal
    price: Decimal  # USD a share
    fees: Decimal  # USD, of all kinds
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order as Robinhood lists it, which names neither its symbol nor its client_order_id."""

    id: str
    ref_id: str | None
    account: str | None  # the account's number, where the row tells it
    instrument_id: str
    side: Side
    quantity: Decimal
    filled_quantity: Decimal
    type: OrderType
    time_in_force: TimeInForce
    state: OrderState
    rests: bool
    created_at: datetime
    updated_at: datetime
    limit_price: Decimal | None
    stop_price: Decimal | None
    average_price: Decimal | None
    notional: Decimal | None
    reason: str
    is_reinvestment: bool  # made by Robinhood from a dividend
    executions: tuple[Execution, ...]

    def order(self, symbol: str, client_order_id: str) -> BrokerOrder:
        """The order, with its symbol and its client_order_id, which is "" for an order of somebody else."""
        return BrokerOrder(
            broker_order_id=self.id,
            client_order_id=client_order_id,
            symbol=symbol,
            side=self.side,
            quantity=self.quantity,
            filled_quantity=self.filled_quantity,
            type=self.type,
            time_in_force=self.time_in_force,
            state=self.state,
            submitted_at=self.created_at,
            limit_price=self.limit_price,
            stop_price=self.stop_price,
            average_fill_price=self.average_price,
            reason=self.reason,
            notional=self.notional,
            expires_at=self.created_at + GTC_AGE if self.time_in_force is TimeInForce.GTC else None,
            rests=self.rests,
        )


def parse_order_row(raw: Json) -> OrderRow:
    """Parse one order. Raises BrokerUnavailable for a missing or unreadable field."""
    identifier = Fields(raw, "an order").text("id")
    fields = Fields(raw, f"order {identifier}")
    state_text = fields.text("state")
    filled = fields.maybe_number("cumulative_quantity") or ZERO
    notional = _amount(fields, "dollar_based_amount")
    quantity = fields.maybe_number("quantity")
    state = _state(state_text, filled)
    order_type = _type(fields)
    return OrderRow(
        id=identifier,
        ref_id=fields.maybe_text("ref_id"),
        account=fields.account_number(),
        instrument_id=fields.id_of("instrument"),
        side=_side(fields),
        quantity=filled if quantity is None else quantity,
        filled_quantity=filled,
        type=order_type,
        time_in_force=_TIMES.get(fields.text("time_in_force"), TimeInForce.OTHER),
        state=state,
        rests=_rests(fields, state_text, state),
        created_at=fields.instant("created_at"),
        updated_at=fields.maybe_instant("updated_at") or fields.instant("created_at"),
        limit_price=fields.maybe_number("price") if order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT) else None,
        stop_price=fields.maybe_number("stop_price"),
        average_price=fields.maybe_number("average_price"),
        notional=notional,
        reason=_reason(fields, state_text, state),
        is_reinvestment=fields.maybe_text("drip_dividend_id") is not None,
        executions=tuple(_parse_execution(each, identifier) for each in fields.items("executions")),
    )


def _parse_execution(raw: Json, order_id: str) -> Execution:
    fields = Fields(raw, f"an execution of order {order_id}")
    charged = fields.maybe_number("fees")
    parts = (fields.maybe_number(name) for name in ("sec_fee", "taf_fee", "cat_fee"))
    return Execution(
        id=fields.text("id"),
        quantity=fields.number("quantity"),
        price=fields.number("price"),
        fees=max(charged or ZERO, sum((part or ZERO for part in parts), ZERO)),
        at=fields.instant("timestamp"),
    )


def _state(text: str, filled: Decimal) -> OrderState:
    """The state of a word. A live order with any fill is PARTIALLY_FILLED, and none with a fill was REJECTED."""
    state = STATES.get(text, OrderState.UNKNOWN)
    if filled <= 0:
        return state
    return {OrderState.ACCEPTED: OrderState.PARTIALLY_FILLED, OrderState.REJECTED: OrderState.CANCELLED}.get(
        state, state
    )


def _rests(fields: Fields, state_text: str, state: OrderState) -> bool:
    """Whether a live order surely works: a state that says so, and no cancel on its way. True for an ended order."""
    if not state.live:
        return True
    no_cancel = fields.maybe_text("user_cancel_request_state") in _NO_CANCEL
    return state_text in _RESTING and no_cancel and fields.maybe_text("derived_state") != "pending_cancelled"


def _reason(fields: Fields, state_text: str, state: OrderState) -> str:
    if state is OrderState.UNKNOWN:
        return f"Robinhood shows it as {state_text!r}"
    told = fields.maybe_text("reject_reason")
    return told or ("Robinhood gives no reason" if state is OrderState.REJECTED else "")


def _type(fields: Fields) -> OrderType:
    if fields.maybe_object("trailing_peg") is not None:
        return OrderType.TRAILING_STOP
    return _TYPES.get((fields.text("type"), fields.maybe_text("trigger") or "immediate"), OrderType.OTHER)


def _side(fields: Fields) -> Side:
    value = fields.text("side")
    side = next((side for side in Side if value.startswith(side)), None)
    if side is None:
        raise BrokerUnavailable(f"Robinhood told of the unknown side {value!r}. Nothing was taken from the answer.")
    return side


def _amount(fields: Fields, name: str) -> Decimal | None:
    """The amount of money in a field that holds an object of amount and currency; None where it is null."""
    inner = fields.maybe_object(name)
    return None if inner is None else inner.maybe_number("amount")
