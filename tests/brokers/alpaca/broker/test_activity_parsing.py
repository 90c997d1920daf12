"""Rows of activities that are a fill or cash, and rows that nobody can read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.alpaca.broker.activity_answers import FILL, cash, told
from tests.brokers.alpaca.broker.conftest import Desk, MakeDesk
from tests.brokers.contract import identifier
from tests.fakes.pit import decimals
from tradebot.core.model.account import Activity, CashEvent, CashKind, Fill
from tradebot.core.model.orders import Side


def only(desk: Desk, *rows: dict[str, Any]) -> Activity:
    told(desk, *rows)
    (activity,) = desk.broker.activities(None)
    return activity


def test_a_fill_is_what_alpaca_says_of_it(alpaca: MakeDesk) -> None:
    fill = only(alpaca(), FILL)
    assert isinstance(fill, Fill)
    assert (fill.quantity, fill.price, fill.fee) == decimals("0.38962051", "128.33", 0)
    assert (fill.side, fill.session) == (Side.BUY, date(2021, 5, 10))
    assert fill.at == datetime(2021, 5, 10, 14, 1, 4, 650275, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "subtype", "amount", "expected"),
    [
        ("CSD", None, "500", CashKind.DEPOSIT),
        ("CSW", None, "-500", CashKind.WITHDRAWAL),
        ("JNLC", None, "500", CashKind.DEPOSIT),
        ("JNLC", None, "-500", CashKind.WITHDRAWAL),
        ("DIV", "CDIV", "1.02", CashKind.DIVIDEND),
        ("DIVNRA", None, "-0.30", CashKind.DIVIDEND),
        ("DIV", "CIL", "7.5", CashKind.CASH_IN_LIEU),
        ("MA", "CMA", "700", CashKind.CASH_IN_LIEU),
        ("FEE", "TAF", "-0.02", CashKind.FEE),
        ("INT", "MGN", "-3", CashKind.INTEREST),
    ],
)
def test_cash_is_what_its_type_says(
    alpaca: MakeDesk, kind: str, subtype: str | None, amount: str, expected: CashKind
) -> None:
    event = only(alpaca(), cash(activity_type=kind, activity_sub_type=subtype, net_amount=amount, symbol="ACME"))
    assert isinstance(event, CashEvent)
    assert (event.kind, event.amount, event.symbol) == (expected, Decimal(amount), "ACME")
    assert event.session == date(2021, 5, 10)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"activity_type": "NEW"}, "10 USD of 2021-05-10 are not booked: NEW is no type"),
        ({"activity_type": "OPTRD"}, "OPTRD is no type"),
        ({"activity_type": "NEW", "net_amount": None}, "a row of the unknown type NEW"),
        ({"currency": "EUR"}, "10 EUR of 2021-05-10"),
        ({"net_amount": "ten"}, "'ten' for net_amount"),
        ({"status": "pending"}, "pending"),
        ({"created_at": None, "date": "soon"}, "created_at"),
        ({"activity_type": None}, "activity_type"),
        ({"id": None}, "id of an activity"),
    ],
)
def test_cash_that_nobody_can_read_is_passed_over_and_the_rest_is_told(
    alpaca: MakeDesk, fields: dict[str, Any], said: str
) -> None:
    """It is no deposit and no withdrawal: a charge that counted as one would hide a loss."""
    desk = alpaca()
    told(desk, FILL, cash(1, **fields), cash(2))
    assert [type(activity) for activity in desk.broker.activities(None)] == [Fill, CashEvent]
    (unread,) = desk.broker.unread_activities()
    assert said in unread.why and not unread.waits
    told(desk)
    assert not desk.broker.activities(None) and not desk.broker.unread_activities()


def test_every_type_of_alpaca_s_own_library_and_specification_can_be_read(alpaca: MakeDesk) -> None:
    kinds = "TRANS ACATC CFEE CGD DIVFEE DIVROC NC PTR REO REORG SPIN SWP"
    without_cash = "ACATS JNLS FOPT OCT OPASN OPCA OPCSH OPEXC OPEXP OPTRD"
    desk = alpaca()
    told(
        desk,
        *(cash(number, activity_type=kind) for number, kind in enumerate(kinds.split())),
        *(cash(number, activity_type=kind, net_amount="0") for number, kind in enumerate(without_cash.split(), 20)),
    )
    activities = desk.broker.activities(None)
    assert {type(activity) for activity in activities} == {CashEvent}
    assert len(activities) == len(kinds.split())
    assert desk.broker.unread_activities() == ()


def test_what_moves_no_cash_or_was_cancelled_is_not_told(alpaca: MakeDesk) -> None:
    desk = alpaca()
    told(desk, cash(1, net_amount="0"), cash(2, status="canceled"), cash(3, net_amount=None))
    assert desk.broker.activities(None) == ()


def test_a_fill_of_an_option_moves_the_cash_of_a_hundred_shares(alpaca: MakeDesk) -> None:
    fill = only(alpaca(), {**FILL, "symbol": "AAPL210618C00130000", "qty": "2", "price": "3.5"})
    assert isinstance(fill, Fill)
    assert (fill.quantity, fill.price) == decimals(2, 350)


def test_a_fill_on_the_side_of_a_short_sale_is_a_sale(alpaca: MakeDesk) -> None:
    fill = only(alpaca(), {**FILL, "side": "sell_short"})
    assert isinstance(fill, Fill) and fill.side is Side.SELL


@pytest.mark.parametrize(
    "fields",
    [{"side": "sideways"}, {"price": None}, {"qty": "many"}, {"symbol": None}, {"order_id": None}, {"id": None}],
)
def test_a_fill_that_cannot_be_read_waits_and_the_others_are_told(alpaca: MakeDesk, fields: dict[str, Any]) -> None:
    desk, fee = alpaca(), cash()
    told(desk, FILL | fields, fee, cash(2))
    assert [identifier(activity) for activity in desk.broker.activities(str(cash(2)["id"]))] == []
    late = desk.broker.late_activities(str(cash(2)["id"]), {str(cash(2)["id"])}.__contains__)
    assert [identifier(activity) for activity in late] == [fee["id"]]
    (unread,) = desk.broker.unread_activities()
    assert unread.waits and next(iter(fields)) in unread.why


def test_a_fill_that_cannot_be_read_is_passed_over_where_it_is_history(alpaca: MakeDesk) -> None:
    """A new ledger cannot wait for a row of years ago."""
    desk = alpaca()
    told(desk, FILL | {"price": None})
    assert not desk.broker.activities(None)
    assert [unread.waits for unread in desk.broker.unread_activities()] == [False]
