"""Parses a row of Alpaca's account activities into a fill or a cash movement."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from tradebot.brokers.alpaca.broker.activity_rows import ActivityRow
from tradebot.brokers.alpaca.broker.option_symbols import contract_size
from tradebot.brokers.alpaca.broker.order_groups import OrderSender
from tradebot.brokers.alpaca.broker.order_parsing import parse_side
from tradebot.core.model.account import CashEvent, CashKind, Fill, UnreadActivity
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.values import ZERO

_DOLLARS = "USD"
_CANCELLED = "canceled"
_DIVIDEND, _IN_LIEU = "DIV", "CIL"
_CASH_KINDS: Mapping[str, CashKind] = {  # by activity type
    **dict.fromkeys(("DIV", "DIVCGL", "DIVCGS", "DIVFT", "DIVNRA", "DIVROC"), CashKind.DIVIDEND),
    **dict.fromkeys(("DIVTW", "DIVTXEX", "DIVWH", "CGD", "WH"), CashKind.DIVIDEND),
    **dict.fromkeys(("FEE", "CFEE", "DIVFEE", "PTC", "PTR"), CashKind.FEE),
    **dict.fromkeys(("INT", "INTNRA", "INTTW", "INTPNL", "SWP"), CashKind.INTEREST),
    **dict.fromkeys(("CIL", "SPLIT", "SPIN", "MA", "REO", "REORG", "NC", "VOF"), CashKind.CASH_IN_LIEU),
}
_PAID_IN = frozenset({"CSD", "CSW", "TRANS", "JNL", "JNLC", "ACATC"})
#: Types whose rows move shares, options or coins. Their cash is no kind of ours.
_NO_CASH = frozenset({"ACATS", "JNLS", "FOPT", "OCT", "OPASN", "OPCA", "OPCSH", "OPEXC", "OPEXP", "OPTRD"})


def parse_fill(row: ActivityRow, sender: OrderSender | None) -> Fill:
    """A fill; without a sender its client_order_id is empty. Raises BrokerUnavailable for one that cannot be read."""
    symbol = row.fields.text("symbol")
    return Fill(
        fill_id=row.id,
        broker_order_id=row.fields.text("order_id"),
        client_order_id=sender.client_order_id if sender else "",
        symbol=symbol,
        side=parse_side(row.fields),
        quantity=row.fields.number("qty"),
        price=row.fields.number("price") * contract_size(symbol),
        fee=ZERO,  # Alpaca books fees as activities of their own, some days later
        at=row.booked_at,
        session=new_york_date(row.booked_at),
        parent_client_order_id=sender.parent_client_order_id if sender else None,
    )


def parse_cash_event(row: ActivityRow) -> CashEvent | UnreadActivity | None:
    """The cash that a row moved; None for none. Unread is cash of an unknown type, and of another currency.

    Such cash is neither a deposit nor a gain: a charge that counted as a withdrawal would hide a loss. Raises
    BrokerUnavailable for an amount that cannot be read.
    """
    amount = row.fields.maybe_number("net_amount") or ZERO
    kind, currency = _cash_kind(row), row.maybe_text("currency") or _DOLLARS
    if not row.is_executed:
        return _status_of(row, amount)
    if amount == 0:
        known = kind is not None or row.kind in _NO_CASH
        return None if known else UnreadActivity(row.id, f"a row of the unknown type {row.kind}", waits=False)
    if kind is None:
        why = f"{amount} {currency} of {row.day} are not booked: {row.kind} is no type of cash that is known"
        return UnreadActivity(row.id, why, waits=False)
    if currency != _DOLLARS:
        why = f"{amount} {currency} of {row.day} ({row.kind}) are not booked: the ledger is kept in {_DOLLARS}"
        return UnreadActivity(row.id, why, waits=False)
    subtype = row.maybe_text("activity_sub_type")
    return CashEvent(
        event_id=row.id,
        kind=kind,
        amount=amount,
        at=row.booked_at,
        session=row.day,
        symbol=row.maybe_text("symbol"),
        note=" ".join(filter(None, (row.kind, subtype, row.maybe_text("description")))),
    )


def _status_of(row: ActivityRow, amount: Decimal) -> UnreadActivity | None:
    """What is said of cash that was not executed: nothing where it was cancelled."""
    status = row.maybe_text("status")
    if status == _CANCELLED or amount == 0:
        return None
    return UnreadActivity(row.id, f"{amount} of {row.day} ({row.kind}) are not booked: {status}", waits=False)


def _cash_kind(row: ActivityRow) -> CashKind | None:
    """The kind of the cash that a row moves; None for a type that is unknown, or moves none."""
    if row.kind == _DIVIDEND and row.maybe_text("activity_sub_type") == _IN_LIEU:
        return CashKind.CASH_IN_LIEU
    if row.kind in _PAID_IN:
        return CashKind.DEPOSIT if (row.maybe_number("net_amount") or ZERO) > 0 else CashKind.WITHDRAWAL
    return _CASH_KINDS.get(row.kind)
