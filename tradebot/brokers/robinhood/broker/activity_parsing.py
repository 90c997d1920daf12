"""Parses the lists of what moved cash or shares: executions, payments, transfers and splits.

Every activity has an id of ours: the time by which it is sorted, its kind and Robinhood's id. The time is one that
never changes for a row, so that its id never does, even if the row is told late or its state changes.

Rows of dividends, interest, charges and splits are captured; those of transfers are by the source of pyhood, and the
words for their states are guesses. A row that cannot be understood moves nothing here and is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from tradebot.brokers.http.responses import Json
from tradebot.brokers.robinhood.broker.order_parsing import Execution, OrderRow
from tradebot.brokers.robinhood.json_fields import Fields
from tradebot.core.model.account import CashEvent, CashKind, Fill, SplitEvent, UnreadActivity
from tradebot.core.model.exchange_time import new_york_date, start_of_day
from tradebot.core.model.values import canonical
from tradebot.errors import BrokerUnavailable

_ID_TIME, _ID_DIGITS = "%Y%m%d%H%M%S%f", 20
#: States of payments and transfers that are done, and of those that move nothing, yet or ever.
_DONE = frozenset({None, "paid", "reinvested", "completed", "settled", "processed", "succeeded"})
_NOTHING_YET = frozenset(
    {"pending", "requested", "scheduled", "new", "submitted", "in_progress", "initiated", "queued"}
    | {"voided", "canceled", "cancelled", "failed", "rejected"}
)
_DOLLARS = "USD"


@dataclass(frozen=True, slots=True)
class Booked:
    """An activity, or a row that tells none, in its place among the others."""

    id: str
    activity: Fill | CashEvent | SplitEvent | UnreadActivity


@dataclass(frozen=True, slots=True)
class RowContext:
    """What rows are read with."""

    account: str  # number
    symbols: Mapping[str, str]  # by the id of the instrument
    now: datetime

    def symbol(self, fields: Fields, name: str = "instrument") -> str:
        """The symbol of the instrument that a field names; its id where the symbol is not known."""
        identifier = fields.id_of(name)
        return self.symbols.get(identifier, identifier)


def activity_id(at: datetime, kind: str, identifier: str) -> str:
    """The id of an activity. Ids sort by time."""
    return f"{at.astimezone(UTC):{_ID_TIME}}:{kind}:{identifier}"


def row_time(fields: Fields, name: str) -> datetime:
    """A time of a row: an instant, or the beginning of a New York date. Raises BrokerUnavailable."""
    if len(fields.text(name)) > len("2026-01-14"):
        return fields.instant(name)
    return start_of_day(_day(fields, name))


def time_of_id(identifier: str) -> datetime | None:
    """The time at the beginning of an activity's id, aware UTC; None for an id of another form."""
    digits = identifier.partition(":")[0]
    if len(digits) != _ID_DIGITS:
        return None
    try:
        return datetime.strptime(digits, _ID_TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def parse_fill(row: OrderRow, execution: Execution, symbol: str, client_order_id: str) -> Booked:
    """An execution of an order. Robinhood takes its fees from the cash of the trade."""
    identifier = activity_id(execution.at, "fill", execution.id)
    return Booked(
        identifier,
        Fill(
            fill_id=identifier,
            broker_order_id=row.id,
            client_order_id=client_order_id,
            symbol=symbol,
            side=row.side,
            quantity=execution.quantity,
            price=execution.price,
            fee=execution.fees,
            at=execution.at,
            session=new_york_date(execution.at),
        ),
    )


def parse_dividend(raw: Json, context: RowContext) -> Booked | None:
    """A dividend. One that was reinvested has paid its cash, which bought shares by an order of Robinhood's own."""
    fields, at = _fields(raw, "dividend", "payable_date")
    paid_at = fields.maybe_instant("paid_at") or at
    payment = _Payment(at, paid_at, "dividend", CashKind.DIVIDEND, 1, context.symbol(fields), _terms(fields))
    return _cash(fields, payment, context, fields.number("amount"))


def _terms(dividend: Fields) -> str:
    """What was paid on how many shares, as far as the row says it: the cash is booked without it, too."""
    try:
        shares, rate = dividend.maybe_number("position"), dividend.maybe_number("rate")
    except BrokerUnavailable:
        return ""
    return "" if shares is None or rate is None else f"{canonical(shares)} shares at {canonical(rate)}"


def parse_sweep(raw: Json, context: RowContext) -> Booked | None:
    """Interest on cash."""
    fields, at = _fields(raw, "interest", "pay_date")
    sign = {"credit": 1, "debit": -1}.get(fields.maybe_text("direction") or "", 0)
    return _cash(fields, _Payment(at, at, "sweep", CashKind.INTEREST, sign, None, "interest"), context, _amount(fields))


def parse_margin_interest(raw: Json, context: RowContext) -> Booked | None:
    """Interest on what was borrowed, charged."""
    fields, at = _fields(raw, "margin interest", "created_at")
    payment = _Payment(at, at, "margin", CashKind.INTEREST, -1, None, "margin interest")
    return _cash(fields, payment, context, _amount(fields))


def parse_subscription_fee(raw: Json, context: RowContext) -> Booked | None:
    """A fee for a subscription, charged."""
    fields, at = _fields(raw, "subscription fee", "created_at")
    payment = _Payment(at, at, "fee", CashKind.FEE, -1, None, "subscription fee")
    return _cash(fields, payment, context, _amount(fields))


def parse_stock_loan(raw: Json, context: RowContext) -> Booked | None:
    """What was paid for shares that were lent."""
    fields, at = _fields(raw, "stock loan payment", "created_at")
    payment = _Payment(at, at, "loan", CashKind.INTEREST, 1, fields.maybe_text("symbol"), "stock loan")
    return _cash(fields, payment, context, _amount(fields))


def parse_transfer(raw: Json, context: RowContext) -> Booked | None:
    """Cash that came in or went out. It is sorted by when it was begun, and booked when it was completed."""
    fields, at = _fields(raw, "transfer", "created_at")
    ours = (
        fields.maybe_text("receiving_account_id") == context.account,
        fields.maybe_text("originating_account_id") == context.account,
    )
    if ours == (False, False) and fields.maybe_text("originating_account_id") is not None:
        return None  # of another account of the same person
    sign = {(True, False): 1, (False, True): -1}.get(ours, 0)
    kind = CashKind.DEPOSIT if sign > 0 else CashKind.WITHDRAWAL
    landed = fields.maybe_instant("completed_at") or fields.maybe_instant("updated_at") or at
    note = fields.maybe_text("transfer_type") or "transfer"
    return _cash(fields, _Payment(at, landed, "transfer", kind, sign, None, note), context, _amount(fields))


def parse_split(raw: Json, context: RowContext) -> Booked | None:
    """A split of a position. Shares are on the new basis from the beginning of its effective date."""
    fields = Fields(raw, "a split payment")
    if fields.account_number() not in (None, context.account):
        return None
    split = fields.maybe_object("split")
    if split is None:
        raise BrokerUnavailable("Robinhood's answer lacks split of a split payment. Nothing was taken from it.")
    day, state = _day(split, "effective_date"), fields.maybe_text("state")
    begins = start_of_day(day)
    identifier = activity_id(begins, "split", fields.text("id"))
    symbol = context.symbol(split, "new_instrument")
    if state in _NOTHING_YET:
        return None
    if state not in _DONE:
        return Booked(identifier, UnreadActivity(identifier, f"a split of {symbol} is {state!r}", True, symbol))
    divisor = split.number("divisor")
    if divisor <= 0:
        raise BrokerUnavailable(f"Robinhood tells of a split of {symbol} by {divisor}. Nothing was taken from it.")
    event = SplitEvent(
        event_id=identifier,
        symbol=symbol,
        ratio=split.number("multiplier") / divisor,
        quantity_before=fields.number("old_shares"),
        quantity_after=fields.number("new_shares"),
        at=fields.maybe_instant("paid_at") or begins,
        session=day,
        effective_at=begins,
    )
    return Booked(identifier, event)


@dataclass(frozen=True, slots=True)
class _Payment:
    """What is known of cash before its amount and its state are read."""

    sorted_at: datetime
    at: datetime
    kind: str  # in the id
    cash: CashKind
    sign: int  # 1 in, -1 out, 0 where nothing tells
    symbol: str | None
    note: str


def _cash(fields: Fields, payment: _Payment, context: RowContext, amount: Decimal) -> Booked | None:
    """The cash that a row moved; None for none, yet or ever, and for a row of another account."""
    if fields.account_number() not in (None, context.account):
        return None
    identifier = activity_id(payment.sorted_at, payment.kind, fields.text("id"))
    state, currency = fields.maybe_text("state"), _currency(fields)
    if state in _NOTHING_YET or amount == 0 or payment.at > context.now:
        return None
    doubt = ""
    if state not in _DONE:
        doubt = f"its state is {state!r}"
    elif payment.sign == 0:
        doubt = "it does not tell whether the cash came in or went out"
    elif currency != _DOLLARS:
        doubt = f"it is {currency}, and the ledger is kept in {_DOLLARS}"
    if doubt:
        why = f"{amount} of a {payment.note} of {new_york_date(payment.at)} are not booked: {doubt}"
        return Booked(identifier, UnreadActivity(identifier, why, waits=False, symbol=payment.symbol))
    event = CashEvent(
        event_id=identifier,
        kind=payment.cash,
        amount=payment.sign * abs(amount) if payment.cash.is_external else payment.sign * amount,
        at=payment.at,
        session=new_york_date(payment.at),
        symbol=payment.symbol,
        note=payment.note,
    )
    return Booked(identifier, event)


def _fields(raw: Json, label: str, time_name: str) -> tuple[Fields, datetime]:
    """The fields of a row, and the time by which it is sorted."""
    fields = Fields(raw, f"a {label}")
    return fields, row_time(fields, time_name)


def _day(fields: Fields, name: str) -> date:
    try:
        return date.fromisoformat(fields.text(name)[:10])
    except ValueError as error:
        raise BrokerUnavailable(f"Robinhood's {name} cannot be read: {error}. Nothing was taken from it.") from error


def _amount(fields: Fields) -> Decimal:
    """The amount of a row, written as a number or as an object of amount and currency."""
    inner = _money(fields)
    return fields.number("amount") if inner is None else inner.number("amount")


def _currency(fields: Fields) -> str:
    inner = _money(fields)
    told = fields.maybe_text("currency") if inner is None else inner.maybe_text("currency_code")
    return (told or _DOLLARS).upper()


def _money(fields: Fields) -> Fields | None:
    return fields.maybe_object("amount") if fields.is_object("amount") else None


#: Reads a row of a list; None for a row that moves nothing here.
Reader = Callable[[Json, RowContext], Booked | None]
