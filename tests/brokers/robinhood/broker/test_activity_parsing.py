"""Rows of payments, transfers and splits."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.robinhood.broker.order_rows import execution, order_row
from tests.fakes.pit import decimals
from tradebot.brokers.robinhood.broker import activity_parsing as parsing
from tradebot.brokers.robinhood.broker.activity_parsing import Booked, Reader, RowContext, time_of_id
from tradebot.brokers.robinhood.broker.order_parsing import parse_order_row
from tradebot.core.model.account import CashEvent, CashKind, Fill, SplitEvent, UnreadActivity
from tradebot.core.model.exchange_time import start_of_day
from tradebot.errors import BrokerUnavailable

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
CONTEXT = RowContext("5QR12345", {"i1": "ACME"}, NOW)
ACCOUNT = "https://api.robinhood.com/accounts/5QR12345/"
DIVIDEND = {
    "id": "d1",
    "account": ACCOUNT,
    "amount": "12.50",
    "instrument": "https://api.robinhood.com/instruments/i1/",
    "paid_at": "2026-02-27T14:00:00Z",
    "payable_date": "2026-02-27",
    "state": "paid",
}
SWEEP = {
    "id": "s1",
    "account_number": "5QR12345",
    "amount": {"amount": "3.21", "currency_code": "USD"},
    "direction": "credit",
    "pay_date": "2026-02-27",
}
MARGIN = {"id": "m1", "account": ACCOUNT, "amount": "4.00", "created_at": "2026-02-27T14:00:00Z"}
FEE = {"id": "f1", "account_number": "5QR12345", "amount": "5.00", "created_at": "2026-02-27T14:00:00Z"}
LOAN = {"id": "l1", "amount": {"amount": "0.07", "currency_code": "USD"}, "created_at": "2026-02-27T14:00:00Z"}
TRANSFER = {
    "id": "t1",
    "amount": "500.00",
    "currency": "usd",
    "created_at": "2026-02-20T14:00:00Z",
    "completed_at": "2026-02-26T20:00:00Z",
    "originating_account_id": "bank",
    "receiving_account_id": "5QR12345",
    "state": "completed",
}
SPLIT = {
    "id": "p1",
    "account_number": "5QR12345",
    "old_shares": "10",
    "new_shares": "40",
    "paid_at": "2026-02-27T10:00:00Z",
    "state": "paid",
    "split": {"multiplier": "4", "divisor": "1", "effective_date": "2026-02-27", "new_instrument_id": "i1"},
}


def cash(reader: Reader, row: dict[str, Any], **changes: Any) -> CashEvent:
    booked = reader({**row, **changes}, CONTEXT)
    assert booked is not None and isinstance(booked.activity, CashEvent)
    assert booked.activity.event_id == booked.id
    return booked.activity


def doubt(reader: Reader, row: dict[str, Any], **changes: Any) -> str:
    booked = reader({**row, **changes}, CONTEXT)
    assert booked is not None and isinstance(booked.activity, UnreadActivity)
    return booked.activity.why


@pytest.mark.parametrize(
    ("reader", "row", "kind", "amount"),
    [
        (parsing.parse_dividend, DIVIDEND, CashKind.DIVIDEND, "12.5"),
        (parsing.parse_dividend, {**DIVIDEND, "state": "reinvested"}, CashKind.DIVIDEND, "12.5"),
        (parsing.parse_sweep, SWEEP, CashKind.INTEREST, "3.21"),
        (parsing.parse_sweep, {**SWEEP, "direction": "debit"}, CashKind.INTEREST, "-3.21"),
        (parsing.parse_margin_interest, MARGIN, CashKind.INTEREST, "-4"),
        (parsing.parse_subscription_fee, FEE, CashKind.FEE, "-5"),
        (parsing.parse_stock_loan, LOAN, CashKind.INTEREST, "0.07"),
        (parsing.parse_transfer, TRANSFER, CashKind.DEPOSIT, "500"),
        (
            parsing.parse_transfer,
            {**TRANSFER, "originating_account_id": "5QR12345", "receiving_account_id": "bank"},
            CashKind.WITHDRAWAL,
            "-500",
        ),
    ],
)
def test_cash_has_its_kind_and_its_sign(reader: Reader, row: dict[str, Any], kind: CashKind, amount: str) -> None:
    event = cash(reader, row)
    assert (event.kind, event.amount) == (kind, Decimal(amount))


def test_a_dividend_names_its_symbol_and_its_day() -> None:
    event = cash(parsing.parse_dividend, DIVIDEND)
    assert (event.symbol, event.session) == ("ACME", date(2026, 2, 27))
    assert cash(parsing.parse_dividend, DIVIDEND, instrument="https://host/instruments/i9/").symbol == "i9"


def test_the_id_of_a_payment_stays_the_same_when_the_time_of_its_payment_changes() -> None:
    paid, later = cash(parsing.parse_dividend, DIVIDEND), cash(parsing.parse_dividend, DIVIDEND, paid_at=None)
    assert paid.event_id == later.event_id
    assert time_of_id(paid.event_id) == start_of_day(date(2026, 2, 27))
    begun = cash(parsing.parse_transfer, TRANSFER)
    assert time_of_id(begun.event_id) == datetime(2026, 2, 20, 14, tzinfo=UTC)
    assert begun.at == datetime(2026, 2, 26, 20, tzinfo=UTC)


@pytest.mark.parametrize("identifier", ["", "nonsense", "20070102:fill:x", "20220202135509981::uuid"])
def test_an_id_of_another_form_has_no_time(identifier: str) -> None:
    assert time_of_id(identifier) is None


@pytest.mark.parametrize("state", ["pending", "voided", "failed", "cancelled", "scheduled"])
def test_what_is_not_paid_moves_nothing(state: str) -> None:
    assert parsing.parse_dividend({**DIVIDEND, "state": state}, CONTEXT) is None
    assert parsing.parse_transfer({**TRANSFER, "state": state}, CONTEXT) is None


def test_what_is_to_come_moves_nothing_yet() -> None:
    assert parsing.parse_sweep({**SWEEP, "pay_date": "2026-03-31"}, CONTEXT) is None


def test_what_is_another_account_s_moves_nothing() -> None:
    assert parsing.parse_dividend({**DIVIDEND, "account": "https://host/accounts/OTHER/"}, CONTEXT) is None
    assert parsing.parse_transfer({**TRANSFER, "receiving_account_id": "OTHER"}, CONTEXT) is None
    assert parsing.parse_split({**SPLIT, "account_number": "OTHER"}, CONTEXT) is None


def test_cash_in_doubt_is_told_and_not_booked() -> None:
    assert "its state is 'reversed'" in doubt(parsing.parse_transfer, TRANSFER, state="reversed")
    assert "came in or went out" in doubt(parsing.parse_sweep, SWEEP, direction="sideways")
    unnamed = {"originating_account_id": None, "receiving_account_id": None}
    assert "came in or went out" in doubt(parsing.parse_transfer, TRANSFER, **unnamed)
    assert "it is EUR" in doubt(parsing.parse_transfer, TRANSFER, currency="eur")


@pytest.mark.parametrize(
    ("multiplier", "divisor", "ratio"),
    [("4", "1", Decimal(4)), ("1", "10", Decimal("0.1")), ("3", "2", Decimal("1.5"))],
)
def test_a_split_is_in_force_from_the_beginning_of_its_day(multiplier: str, divisor: str, ratio: Decimal) -> None:
    told = {**SPLIT["split"], "multiplier": multiplier, "divisor": divisor}  # type: ignore[dict-item]
    booked = parsing.parse_split({**SPLIT, "split": told}, CONTEXT)
    assert booked is not None and isinstance(booked.activity, SplitEvent)
    event = booked.activity
    assert (event.symbol, event.ratio, event.session) == ("ACME", ratio, date(2026, 2, 27))
    assert (event.quantity_before, event.quantity_after) == decimals(10, 40)
    assert event.effective_at == start_of_day(date(2026, 2, 27)) < event.at


def test_a_split_that_is_not_done_waits_and_one_that_cannot_be_read_is_none() -> None:
    assert parsing.parse_split({**SPLIT, "state": "pending"}, CONTEXT) is None
    booked = parsing.parse_split({**SPLIT, "state": "odd"}, CONTEXT)
    assert booked is not None and isinstance(booked.activity, UnreadActivity) and booked.activity.waits
    for wrong in (None, {**SPLIT["split"], "divisor": "0"}, {**SPLIT["split"], "effective_date": "soon"}):  # type: ignore[dict-item]
        with pytest.raises(BrokerUnavailable):
            parsing.parse_split({**SPLIT, "split": wrong}, CONTEXT)


def test_an_execution_is_a_fill_with_its_fees() -> None:
    row = parse_order_row(order_row(executions=[execution()]))
    booked: Booked = parsing.parse_fill(row, row.executions[0], "ACME", "our-id")
    fill = booked.activity
    assert isinstance(fill, Fill)
    assert (fill.fill_id, fill.broker_order_id, fill.client_order_id) == (booked.id, row.id, "our-id")
    assert (fill.quantity, fill.price, fill.fee) == decimals(100, "10.12", "0.05")
    assert time_of_id(fill.fill_id) == fill.at
    assert fill.session == date(2026, 1, 14)


def test_a_dividend_tells_its_terms_as_far_as_the_row_does() -> None:
    for more, note in (
        ({"position": "50.0000", "rate": "0.2500000000"}, "50 shares at 0.25"),
        ({}, ""),
        ({"position": "some"}, ""),
    ):
        told = parsing.parse_dividend({**DIVIDEND, **more}, CONTEXT)
        assert told is not None and isinstance(told.activity, CashEvent)
        assert told.activity.note == note
