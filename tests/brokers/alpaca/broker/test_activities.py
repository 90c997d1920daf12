"""What changed the account at Alpaca, each once and in order."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.alpaca.broker.activity_answers import FILL, cash, make, told
from tests.brokers.alpaca.broker.conftest import Desk, MakeDesk
from tests.brokers.contract import QUIET, identifier
from tests.fakes.alpaca import Answer, Arrival
from tests.fakes.pit import decimals
from tradebot.brokers.alpaca.broker import activities
from tradebot.core.model.account import Activity, CashEvent, CashKind, Fill
from tradebot.core.model.orders import Side
from tradebot.errors import BrokerUnavailable


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
        ("NEW", None, "-3", CashKind.WITHDRAWAL),
    ],
)
def test_cash_is_what_its_type_says(
    alpaca: MakeDesk, kind: str, subtype: str | None, amount: str, expected: CashKind
) -> None:
    event = only(alpaca(), cash(activity_type=kind, activity_sub_type=subtype, net_amount=amount, symbol="ACME"))
    assert isinstance(event, CashEvent)
    assert (event.kind, event.amount, event.symbol) == (expected, Decimal(amount), "ACME")
    assert event.session == date(2021, 5, 10)


def test_every_type_of_alpaca_s_own_library_and_specification_can_be_read(alpaca: MakeDesk) -> None:
    kinds = "TRANS MISC ACATC ACATS CFEE CGD DIVFEE DIVROC JNLS NC OPASN OPCA OPEXP OPTRD PTR REO SPIN FOPT OCT SWP MEM"
    desk = alpaca()
    told(desk, *(cash(number, activity_type=kind) for number, kind in enumerate(kinds.split())))
    assert {type(activity) for activity in desk.broker.activities(None)} == {CashEvent}


def test_what_moves_no_cash_or_was_cancelled_is_not_told(alpaca: MakeDesk) -> None:
    desk = alpaca()
    told(desk, cash(1, net_amount="0"), cash(2, status="canceled"), cash(3, net_amount=None))
    assert desk.broker.activities(None) == ()


def test_fees_that_are_booked_at_night_come_after_the_fills_of_their_day(alpaca: MakeDesk) -> None:
    """Their id begins with the midnight before, and so sorts before what has been read already."""
    desk, fee = alpaca(), cash()
    told(desk, FILL)
    (fill,) = desk.broker.activities(None)
    assert identifier(fill) == FILL["id"]
    told(desk, fee, FILL)
    assert [identifier(activity) for activity in desk.broker.activities(str(FILL["id"]))] == [fee["id"]]
    assert desk.broker.activities(str(fee["id"])) == ()


def late(desk: Desk, cursor: dict[str, Any], *known: dict[str, Any]) -> list[str]:
    """The ids of what came in late before the newest known activity, ``cursor``, when these are known."""
    ids = {str(row["id"]) for row in (cursor, *known)}
    assert desk.broker.activities(str(cursor["id"])) == ()
    return [identifier(activity) for activity in desk.broker.late_activities(str(cursor["id"]), ids.__contains__)]


def test_fees_that_are_listed_later_are_told_though_their_time_is_that_of_what_was_told(alpaca: MakeDesk) -> None:
    """Fees without a time of booking all have that of the end of their day, and at one time the ids give the order."""
    desk, first, second = alpaca(), cash(1, created_at=None), cash(2, created_at=None)
    told(desk, first, second)
    assert late(desk, second) == [first["id"]]
    assert late(desk, second, first) == []


def test_a_fill_that_is_shown_later_than_a_newer_one_is_told(alpaca: MakeDesk) -> None:
    desk = alpaca()
    earlier = {**FILL, "id": "20210510100104200::x", "transaction_time": "2021-05-10T14:01:04.2Z"}
    long_ago = {**FILL, "id": "20210510090104200::y", "transaction_time": "2021-05-10T13:01:04.2Z"}
    told(desk, long_ago, earlier, FILL)
    assert late(desk, FILL) == [earlier["id"]]
    assert late(desk, FILL, earlier) == []


def test_what_came_late_is_told_of_the_same_look_and_costs_nothing_where_all_is_known(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.broker.submit(make.buy(1))
    desk.broker.submit(make.buy(1))
    *_, last = desk.broker.activities(None)
    desk.as_a_new_command()
    assert desk.broker.activities(identifier(last)) == ()
    assert desk.broker.late_activities(identifier(last), lambda _: True) == ()
    assert desk.asked == ["GET /v2/account/activities"]


def test_what_is_new_is_asked_for_from_a_few_days_before(alpaca: MakeDesk) -> None:
    desk = alpaca()
    told(desk, FILL)
    desk.broker.activities(str(FILL["id"]))
    (asked, *_) = desk.fake.requests
    assert asked.query["after"] == "2021-05-07T14:01:04Z"
    assert len(desk.fake.requests) == 1


def test_a_cursor_outside_of_those_days_is_looked_for_among_all(alpaca: MakeDesk) -> None:
    desk, late = alpaca(), cash(2)

    def bend(arrival: Arrival, answer: Answer) -> Answer:
        return Answer(200, [late] if "after" in arrival.query else [cash(1), late])

    desk.fake.bend = bend
    assert [identifier(activity) for activity in desk.broker.activities(str(cash(1)["id"]))] == [late["id"]]


def test_a_fill_that_was_taken_back_is_a_cursor_still(alpaca: MakeDesk) -> None:
    """The exchange's bust leaves nothing of it in the activities: what was booked later is what is new."""
    desk = alpaca(QUIET, QUIET)
    desk.broker.submit(make.buy(1))
    desk.broker.submit(make.buy(2))
    *_, last = desk.broker.activities(None)
    desk.pit.exchange.bust(identifier(desk.pit.happened()[-1]))
    desk.pit.next("09:35")
    desk.broker.submit(make.buy(3))
    (new,) = desk.broker.activities(identifier(last))
    assert isinstance(new, Fill) and new.quantity == 3


@pytest.mark.parametrize("cursor", ["A-000000012", "", "2021::x", "20219910100104650::x"])
def test_a_cursor_of_another_broker_is_no_answer(alpaca: MakeDesk, cursor: str) -> None:
    with pytest.raises(BrokerUnavailable, match="another broker's account"):
        alpaca().broker.activities(cursor)


def test_a_long_history_is_read_page_by_page(alpaca: MakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activities, "PAGE_SIZE", 3)
    desk = alpaca()
    for _ in range(10):
        desk.broker.submit(make.buy(1))
    desk.as_a_new_command()
    everything = [identifier(activity) for activity in desk.broker.activities(None)]
    assert len(set(everything)) == len(everything) == 11
    assert desk.asked.count("GET /v2/account/activities") == 4
    assert [identifier(activity) for activity in desk.broker.activities(everything[4])] == everything[5:]


def test_a_server_that_gives_one_page_for_ever_is_not_asked_for_ever(
    alpaca: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activities, "PAGE_SIZE", 1)
    desk = alpaca()
    told(desk, cash())
    with pytest.raises(BrokerUnavailable, match="the same page of activities twice"):
        desk.broker.activities(None)


def test_a_new_fill_whose_order_is_not_shown_yet_is_not_taken_for_a_stranger_s(alpaca: MakeDesk) -> None:
    desk = alpaca(QUIET, QUIET, QUIET, QUIET)
    desk.broker.submit(make.buy(10))
    asked = ("/v2/account/activities", "/v2/clock")

    def bend(arrival: Arrival, answer: Answer) -> Answer:
        shown = arrival.path in asked
        return (
            answer
            if shown
            else Answer(200, [])
            if arrival.path == "/v2/orders"
            else Answer(404, {"code": 40410000, "message": "no"})
        )

    desk.as_a_new_command()
    desk.fake.bend = bend
    with pytest.raises(BrokerUnavailable, match=r"does not show yet whose order .* is"):
        desk.broker.activities(None)
    for _ in range(3):
        desk.pit.next("09:35")
    (fill,) = [activity for activity in desk.broker.activities(None) if isinstance(activity, Fill)]
    assert fill.client_order_id == ""


def test_a_new_fill_of_a_leg_whose_entry_is_not_shown_yet_is_not_taken_for_a_stranger_s(alpaca: MakeDesk) -> None:
    desk = alpaca("100 101 94 95")
    entry = desk.broker.submit(make.buy(10, stop_loss="95", take_profit="110"))
    desk.pit.at("16:00")

    def bend(arrival: Arrival, answer: Answer) -> Answer:
        if arrival.path == "/v2/orders":
            return Answer(200, [order for order in answer.body if order["id"] != entry.broker_order_id])
        return answer

    desk.as_a_new_command()
    desk.fake.bend = bend
    with pytest.raises(BrokerUnavailable, match=r"does not show yet whose order .* is"):
        desk.broker.activities(None)


def test_a_fill_of_an_option_moves_the_cash_of_a_hundred_shares(alpaca: MakeDesk) -> None:
    fill = only(alpaca(), {**FILL, "symbol": "AAPL210618C00130000", "qty": "2", "price": "3.5"})
    assert isinstance(fill, Fill)
    assert (fill.quantity, fill.price) == decimals(2, 350)


def test_a_new_fill_of_several_options_in_one_order_is_a_stranger_s(alpaca: MakeDesk) -> None:
    """Alpaca shows no order with one symbol and one side for it, and will not tomorrow."""
    desk = alpaca()
    today = desk.broker.clock().now
    fill = only(desk, {**FILL, "symbol": "AAPL210618C00130000", "transaction_time": today.isoformat()})
    assert isinstance(fill, Fill)
    assert fill.client_order_id == ""


@pytest.mark.parametrize("side", ["sideways", "sell_short"])
def test_a_fill_on_a_side_that_is_unknown_is_no_answer(alpaca: MakeDesk, side: str) -> None:
    desk = alpaca()
    told(desk, {**FILL, "side": side})
    if side == "sell_short":
        assert [activity.side for activity in desk.broker.activities(None) if isinstance(activity, Fill)] == [Side.SELL]
    else:
        with pytest.raises(BrokerUnavailable, match="unknown side 'sideways'"):
            desk.broker.activities(None)


def test_an_activity_that_cannot_be_read_makes_the_whole_no_answer(alpaca: MakeDesk) -> None:
    desk = alpaca()
    told(desk, {**FILL, "price": None})
    with pytest.raises(BrokerUnavailable, match=r"price of activity 20210510100104650::88b5"):
        desk.broker.activities(None)
