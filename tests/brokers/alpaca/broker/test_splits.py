"""Splits, which Alpaca tells of in pairs of rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from tests.brokers.alpaca.broker.activity_answers import FILL, cash, make, told
from tests.brokers.alpaca.broker.conftest import MakeDesk
from tests.brokers.contract import QUIET, identifier
from tests.fakes.pit import decimals
from tests.fakes.prices import dividend, sessions, split
from tradebot.brokers.alpaca.broker.splits import ratio_between
from tradebot.core.model.account import Activity, CashEvent, CashKind, Fill, SplitEvent

THIRD = sessions(3)[-1]
SPLIT = {"activity_type": "SPLIT", "symbol": "ACME", "net_amount": "0"}


def test_without_a_time_of_booking_a_split_begins_its_day_and_a_fee_ends_it(alpaca: MakeDesk) -> None:
    desk = alpaca()
    halves = [
        cash(number, created_at=None, activity_type="SPLIT", qty=qty, net_amount="0", symbol="ACME")
        for number, qty in ((1, "-10"), (2, "20"))
    ]
    told(desk, cash(3, created_at=None), FILL, *halves)
    assert [type(activity) for activity in desk.broker.activities(None)] == [SplitEvent, Fill, CashEvent]


def test_a_split_is_one_event_with_the_shares_before_and_after(alpaca: MakeDesk) -> None:
    desk = alpaca(QUIET, "50 51 49 50", actions=(split("ACME", THIRD, "2"),))
    desk.broker.submit(make.buy(10))
    (*_, bought) = desk.broker.activities(None)
    desk.pit.next("09:35")
    (event,) = desk.broker.activities(identifier(bought))
    assert isinstance(event, SplitEvent)
    assert (event.ratio, event.quantity_before, event.quantity_after) == decimals(2, 10, 20)
    assert event.session == THIRD


def test_a_split_that_pays_for_half_a_share_has_the_ratio_that_was_announced(alpaca: MakeDesk) -> None:
    desk = alpaca(QUIET, "66 67 65 66", actions=(split("ACME", THIRD, "1.5"),))
    desk.broker.submit(make.buy(15))
    (*_, bought) = desk.broker.activities(None)
    desk.pit.next("09:35")
    event, paid = desk.broker.activities(identifier(bought))
    assert isinstance(event, SplitEvent) and isinstance(paid, CashEvent)
    assert (event.ratio, event.quantity_before, event.quantity_after) == decimals("1.5", 15, 22)
    assert paid.kind is CashKind.CASH_IN_LIEU


def test_dividends_and_splits_and_fees_add_up_to_the_account(alpaca: MakeDesk) -> None:
    actions = (split("ACME", THIRD, "1.5"), dividend("ACME", THIRD, "0.5"))
    desk = alpaca(QUIET, "66 67 65 66", actions=actions)
    desk.broker.submit(make.buy(15))
    desk.pit.next("09:35")
    desk.broker.submit(make.sell(2))
    everything = desk.broker.activities(None)
    moved = sum((event.amount for event in everything if isinstance(event, CashEvent)), Decimal(0))
    spent = sum(fill.side.sign * fill.quantity * fill.price for fill in everything if isinstance(fill, Fill))
    assert desk.broker.account().cash == moved - spent


@pytest.mark.parametrize(
    ("before", "after", "ratio", "reverse"),
    [
        (10, 20, "2", False),
        (15, 22, "1.5", False),
        (1, 1, "1.5", False),
        (3, 10, "3.5", False),
        (4, 5, "1.25", False),
        (1000, 1250, "1.25", False),
        (105, 10, "0.1", True),
        (100, 5, "0.05", True),
        (103, 5, "0.05", True),
        (5, 2, "0.5", True),
        (61, 3, "0.05", True),
        ("2.5", "5", "2", False),
    ],
)
def test_the_ratio_of_a_split_is_found_from_its_shares(
    before: int | str, after: int | str, ratio: str, reverse: bool
) -> None:
    assert ratio_between(Decimal(before), Decimal(after), reverse=reverse) == Decimal(ratio)


def test_a_reverse_split_may_leave_no_share(alpaca: MakeDesk) -> None:
    desk = alpaca()
    shares = {**SPLIT, "activity_sub_type": "RSPLIT", "group_id": "g"}
    told(desk, cash(1, qty="-5", **shares), cash(2, qty="0", **shares))
    (event,) = desk.broker.activities(None)
    assert isinstance(event, SplitEvent)
    assert (event.quantity_before, event.quantity_after) == decimals(5, 0)
    assert 0 < event.ratio < Decimal("0.2")


def test_the_split_of_a_short_position_keeps_it_short(alpaca: MakeDesk) -> None:
    desk = alpaca()
    shares = {**SPLIT, "activity_sub_type": "FSPLIT"}
    told(desk, cash(1, qty="10", **shares), cash(2, qty="-20", **shares))
    (event,) = desk.broker.activities(None)
    assert isinstance(event, SplitEvent)
    assert (event.ratio, event.quantity_before, event.quantity_after) == decimals(2, -10, -20)


def test_a_split_that_does_not_tell_both_sides_is_not_booked(alpaca: MakeDesk) -> None:
    desk = alpaca()
    half = cash(1, activity_type="SPLIT", qty="10", symbol="ACME", net_amount="0")
    told(desk, half, cash(2))
    assert len(desk.broker.activities(None)) == 1
    assert [(unread.waits, unread.symbol) for unread in desk.broker.unread_activities()] == [(False, "ACME")]
    desk.broker.activities(str(cash(2)["id"]))
    assert desk.broker.late_activities(str(cash(2)["id"]), lambda identifier: identifier != half["id"]) == ()
    assert [(unread.waits, unread.symbol) for unread in desk.broker.unread_activities()] == [(True, "ACME")]


REVERSE = {**SPLIT, "activity_sub_type": "RSPLIT", "group_id": "g"}
OLD = cash(1, qty="-1562", **REVERSE)
NEW = cash(2, qty="156", **REVERSE)
IN_LIEU = cash(3, **{**REVERSE, "net_amount": "4.10", "qty": "0.2"})
FRACTIONAL = {**NEW, "qty": "156.2"}


@pytest.mark.parametrize("rows", list(permutations((OLD, NEW, IN_LIEU))))
def test_a_reverse_split_in_three_rows_is_one_event_and_the_cash(
    alpaca: MakeDesk, rows: tuple[dict[str, Any], ...]
) -> None:
    desk = alpaca()
    told(desk, *rows)
    event, paid = desk.broker.activities(None)
    assert isinstance(event, SplitEvent) and isinstance(paid, CashEvent)
    assert (event.ratio, event.quantity_before, event.quantity_after) == decimals("0.1", 1562, 156)
    assert (event.event_id, event.symbol, event.session) == (NEW["id"], "ACME", date(2021, 5, 10))
    assert (paid.kind, paid.amount) == (CashKind.CASH_IN_LIEU, Decimal("4.10"))
    assert desk.broker.unread_activities() == ()


@pytest.mark.parametrize("first", [*permutations((OLD, NEW, IN_LIEU), 1), *permutations((OLD, NEW, IN_LIEU), 2)])
@pytest.mark.parametrize("at", [OLD["created_at"], None])
def test_rows_that_are_told_in_two_reads_are_booked_once(
    alpaca: MakeDesk, first: tuple[dict[str, Any], ...], at: str | None
) -> None:
    """Read as a job does: what is new after the newest booked one, and what is not known before it."""
    desk, fee = alpaca(), cash(0, date="2021-05-09", created_at="2021-05-09T20:00:00Z")
    booked: list[Activity] = []
    for rows in (first, (OLD, NEW, IN_LIEU), (IN_LIEU, OLD, NEW)):
        told(desk, fee, *({**row, "created_at": at} for row in rows))
        ids = [identifier(activity) for activity in booked]
        cursor = ids[-1] if ids else str(fee["id"])
        new = [each for each in desk.broker.activities(cursor) if identifier(each) not in ids]
        known = {*ids, fee["id"]}
        booked += [*desk.broker.late_activities(cursor, known.__contains__), *new]
    assert sorted(type(activity).__name__ for activity in booked) == ["CashEvent", "SplitEvent"]
    (event,) = [activity for activity in booked if isinstance(activity, SplitEvent)]
    assert (event.quantity_before, event.quantity_after) == decimals(1562, 156)


@pytest.mark.parametrize(("quantity", "left"), [("-0.2", "156"), ("0", "156.2"), (None, "156.2")])
def test_a_fraction_stays_unless_a_row_pays_for_it(alpaca: MakeDesk, quantity: str | None, left: str) -> None:
    desk = alpaca()
    told(desk, OLD, FRACTIONAL, {**IN_LIEU, "qty": quantity})
    event, _ = desk.broker.activities(None)
    assert isinstance(event, SplitEvent)
    assert (event.quantity_before, event.quantity_after) == decimals(1562, left)


def test_a_split_that_was_cancelled_is_not_booked(alpaca: MakeDesk) -> None:
    desk = alpaca()
    told(desk, OLD | {"status": "canceled"}, NEW | {"status": "canceled"})
    assert not desk.broker.activities(None) and not desk.broker.unread_activities()
