"""Encodes values as rows of the exchange's file, and decodes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import wraps
from typing import Any, TypeVar

from tradebot.brokers.paper.account_book import PaperPosition, activity_id
from tradebot.brokers.paper.orders import PaperOrder, broker_order_id, parse_number
from tradebot.brokers.paper.rules import ExchangeState, Phase
from tradebot.core.model.account import (
    ActionKind,
    Activity,
    CashEvent,
    CashKind,
    Fill,
    FillBust,
    Reorganisation,
    SplitEvent,
)
from tradebot.core.model.orders import OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.core.model.values import canonical

Row = tuple[Any, ...]
Value = TypeVar("Value")

#: Columns of an order, in the order of ``decode_order`` and ``encode_order``.
ORDER = (
    "number, client_order_id, symbol, side, quantity, type, time_in_force, submitted_at, limit_price, stop_price, "
    "state, filled_quantity, average_fill_price, fees, triggered, waiting, parent, role, reason"
)
PUT_ORDER = f"""
    INSERT INTO orders ({ORDER}, live) VALUES ({", ".join("?" * 20)})
    ON CONFLICT (number) DO UPDATE SET
        quantity = excluded.quantity, limit_price = excluded.limit_price, stop_price = excluded.stop_price,
        state = excluded.state, filled_quantity = excluded.filled_quantity,
        average_fill_price = excluded.average_fill_price, fees = excluded.fees, triggered = excluded.triggered,
        waiting = excluded.waiting, reason = excluded.reason, live = excluded.live"""
ADD_ACTIVITY = f"INSERT INTO activities VALUES ({', '.join('?' * 15)})"
ACTIVITIES_AFTER = """
    SELECT a.number, a.kind, a.at, a.session, a.symbol, a.quantity, a.price, a.fee, a.amount, a.note, a.ratio,
           a.quantity_before, a.quantity_after, a.reverses, o.number, o.client_order_id, o.side, p.client_order_id
    FROM activities a LEFT JOIN orders o ON o.number = a.order_number LEFT JOIN orders p ON p.number = o.parent
    WHERE a.number > ? ORDER BY a.number"""
FILL, SPLIT, BUST = "fill", "split", "bust"


class UnreadableRow(Exception):
    """A row has a value that the exchange never wrote."""


def decoder(table: str) -> Callable[[Callable[[Row], Value]], Callable[[Row], Value]]:
    """Decorate a decoder of rows, so that it raises UnreadableRow, naming the table, for a malformed row."""

    def decorated(decode: Callable[[Row], Value]) -> Callable[[Row], Value]:
        @wraps(decode)
        def wrapped(row: Row) -> Value:
            try:
                return decode(row)
            except (ArithmeticError, TypeError, ValueError) as error:
                raise UnreadableRow(f"a row of its {table} makes no sense ({error!r})") from error

        return wrapped

    return decorated


@decoder("exchange")
def decode_state(row: Row) -> ExchangeState:
    """Decode the only row of the table exchange."""
    generation, account_id, starting_cash, session, now, phase, begun_on = row
    return ExchangeState(
        generation=generation,
        account_id=account_id,
        starting_cash=Decimal(starting_cash),
        session=date.fromisoformat(session),
        now=datetime.fromisoformat(now),
        phase=Phase(phase),
        begun_on=None if begun_on is None else date.fromisoformat(begun_on),
    )


@decoder("positions")
def decode_position(row: Row) -> PaperPosition:
    """Decode a row of positions."""
    symbol, quantity, average_price = row
    return PaperPosition(symbol, Decimal(quantity), Decimal(average_price))


@decoder("orders")
def decode_order(row: Row) -> PaperOrder:
    """Decode the columns ORDER."""
    return PaperOrder(
        number=row[0],
        client_order_id=row[1],
        symbol=row[2],
        side=Side(row[3]),
        quantity=Decimal(row[4]),
        type=OrderType(row[5]),
        time_in_force=TimeInForce(row[6]),
        submitted_at=datetime.fromisoformat(row[7]),
        limit_price=_decode_optional(row[8]),
        stop_price=_decode_optional(row[9]),
        state=OrderState(row[10]),
        filled_quantity=Decimal(row[11]),
        average_fill_price=_decode_optional(row[12]),
        fees=Decimal(row[13]),
        triggered=bool(row[14]),
        waiting=bool(row[15]),
        parent=row[16],
        role=Purpose(row[17]),
        reason=row[18],
    )


_REORGANISATIONS = frozenset(ActionKind) - {ActionKind.SPLIT, ActionKind.DIVIDEND}


@decoder("activities")
def decode_activity(row: Row) -> Activity:
    """Decode a row of ACTIVITIES_AFTER."""
    number, kind, at_text, session_text, symbol, quantity, price, fee, amount, note, ratio, before, after = row[:13]
    reverses, order_number, client_order_id, side, parent_client_order_id = row[13:]
    identifier, at, session = activity_id(number), datetime.fromisoformat(at_text), date.fromisoformat(session_text)
    if kind == FILL:
        return Fill(
            fill_id=identifier,
            broker_order_id=broker_order_id(order_number),
            client_order_id=client_order_id,
            symbol=symbol,
            side=Side(side),
            quantity=Decimal(quantity),
            price=Decimal(price),
            fee=Decimal(fee),
            at=at,
            session=session,
            parent_client_order_id=parent_client_order_id,
        )
    if kind == SPLIT:
        return SplitEvent(identifier, symbol, Decimal(ratio), Decimal(before), Decimal(after), at, session)
    if kind == BUST:
        return FillBust(identifier, activity_id(int(reverses)), at, session)
    if kind in _REORGANISATIONS:
        return Reorganisation(
            event_id=identifier,
            kind=ActionKind(kind),
            symbol=symbol,
            new_symbol=note,
            ratio=Decimal(ratio),
            quantity_before=Decimal(before),
            quantity_after=Decimal(after),
            cash=Decimal(amount),
            at=at,
            session=session,
            price=Decimal(price),
        )
    return CashEvent(identifier, CashKind(kind), Decimal(amount), at, session, symbol, note)


@decoder("money")
def decode_money(row: Row) -> Decimal:
    """Decode a row of one amount, USD."""
    (amount,) = row
    return Decimal(amount)


def encode_order(order: PaperOrder) -> Row:
    """The columns ORDER of an order, then ``live``."""
    return (
        order.number,
        order.client_order_id,
        order.symbol,
        order.side,
        canonical(order.quantity),
        order.type,
        order.time_in_force,
        order.submitted_at.isoformat(),
        _encode_optional(order.limit_price),
        _encode_optional(order.stop_price),
        order.state,
        canonical(order.filled_quantity),
        _encode_optional(order.average_fill_price),
        canonical(order.fees),
        int(order.triggered),
        int(order.waiting),
        order.parent,
        order.role,
        order.reason,
        int(order.live),
    )


def encode_activity(activity: Activity) -> Row:
    """The columns of an activity, in the order of the table."""
    when = (activity.at.isoformat(), activity.session.isoformat())
    match activity:
        case Fill():
            trade = (canonical(activity.quantity), canonical(activity.price), canonical(activity.fee))
            order_number = parse_number(activity.broker_order_id, "O")
            number = parse_number(activity.fill_id, "A")
            return (number, FILL, *when, activity.symbol, order_number, *trade, None, None, None, None, None, None)
        case CashEvent():
            number = parse_number(activity.event_id, "A")
            cash = (None, None, None, None, canonical(activity.amount), activity.note)
            return (number, activity.kind, *when, activity.symbol, *cash, None, None, None, None)
        case SplitEvent():
            number = parse_number(activity.event_id, "A")
            quantities = (canonical(activity.quantity_before), canonical(activity.quantity_after))
            split = (canonical(activity.ratio), *quantities)
            return (number, SPLIT, *when, activity.symbol, None, None, None, None, None, None, *split, None)
        case FillBust():
            number = parse_number(activity.event_id, "A")
            return (number, BUST, *when, *[None] * 10, parse_number(activity.fill_id, "A"))
        case Reorganisation():
            number = parse_number(activity.event_id, "A")
            figures = (activity.ratio, activity.quantity_before, activity.quantity_after)
            prices = (None, None, canonical(activity.price), None, canonical(activity.cash), activity.new_symbol)
            return (number, activity.kind, *when, activity.symbol, *prices, *map(canonical, figures), None)


def encode_date(value: date | None) -> str | None:
    """A date as ISO 8601 text; NULL for None."""
    return None if value is None else value.isoformat()


def _encode_optional(value: Decimal | None) -> str | None:
    return None if value is None else canonical(value)


def _decode_optional(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
