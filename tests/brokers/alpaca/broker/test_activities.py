"""What changed the account at Alpaca, each once and in order."""

from __future__ import annotations

from typing import Any

import pytest

from tests.brokers.alpaca.broker.activity_answers import FILL, cash, make, told
from tests.brokers.alpaca.broker.conftest import Desk, MakeDesk
from tests.brokers.contract import QUIET, identifier
from tests.fakes.alpaca import Answer, Arrival
from tradebot.brokers.alpaca.broker import activities
from tradebot.core.model.account import CashEvent, Fill
from tradebot.core.model.orders import Side
from tradebot.errors import BrokerUnavailable


def test_what_was_passed_over_is_said_for_as_long_as_it_is_read_again(alpaca: MakeDesk) -> None:
    desk = alpaca()
    told(desk, cash(1, activity_type="NEW"), cash(2))
    assert late(desk, cash(2)) == []
    assert [unread.row_id for unread in desk.broker.unread_activities()] == [cash(1)["id"]]


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
    """Up to two weeks later; what was booked earlier than that would be read again for ever."""
    desk = alpaca()
    earlier = {**FILL, "id": "20210427100104200::x", "transaction_time": "2021-04-27T14:01:04.2Z"}
    long_ago = {**FILL, "id": "20210425090104200::y", "transaction_time": "2021-04-25T13:01:04.2Z"}
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


def test_what_is_new_is_asked_for_from_two_weeks_before(alpaca: MakeDesk) -> None:
    desk = alpaca()
    told(desk, FILL)
    desk.broker.activities(str(FILL["id"]))
    (asked, *_) = desk.fake.requests
    assert asked.query["after"] == "2021-04-26T14:01:04Z"
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


def test_a_fill_whose_order_is_not_shown_yet_waits_and_the_others_are_told(alpaca: MakeDesk) -> None:
    """If it is our own, it would be booked as somebody else's. It is told once its order is shown."""
    desk, fee = alpaca(QUIET, QUIET, QUIET, QUIET), cash()
    told(desk, FILL, fee, order_is_shown=False)
    desk.broker.activities(str(fee["id"]))
    assert desk.broker.late_activities(str(fee["id"]), {str(fee["id"])}.__contains__) == ()
    (unread,) = desk.broker.unread_activities()
    assert unread.waits and unread.symbol == "ACME"
    assert "does not show yet whose order fe060a1b-5b45-4eba-ba46-c3a3345d8255 is" in unread.why
    told(desk, FILL, fee)
    assert late(desk, fee) == [FILL["id"]]
    assert desk.broker.unread_activities() == ()


def test_a_new_fill_without_its_order_waits_where_everything_is_read_too(alpaca: MakeDesk) -> None:
    desk = alpaca()
    today = desk.broker.clock().now.isoformat()
    told(desk, {**FILL, "transaction_time": today}, order_is_shown=False)
    assert desk.broker.activities(None) == ()
    assert [unread.waits for unread in desk.broker.unread_activities()] == [True]


def test_a_fill_of_a_leg_whose_entry_is_not_shown_yet_waits(alpaca: MakeDesk) -> None:
    desk = alpaca("100 101 94 95")
    entry = desk.broker.submit(make.buy(10, stop_loss="95", take_profit="110"))
    desk.pit.at("16:00")

    def bend(arrival: Arrival, answer: Answer) -> Answer:
        if arrival.path == "/v2/orders":
            return Answer(200, [order for order in answer.body if order["id"] != entry.broker_order_id])
        return answer

    desk.as_a_new_command()
    desk.fake.bend = bend
    assert [type(activity) for activity in desk.broker.activities(None)] == [CashEvent]
    assert all(unread.waits for unread in desk.broker.unread_activities())
    desk.fake.bend = None
    desk.as_a_new_command()
    fills = [activity for activity in desk.broker.activities(None) if isinstance(activity, Fill)]
    assert [fill.side for fill in fills] == [Side.BUY, Side.SELL]


def test_a_new_fill_of_several_options_in_one_order_is_a_stranger_s(alpaca: MakeDesk) -> None:
    """Alpaca shows no order with one symbol and one side for it, and will not tomorrow."""
    desk = alpaca()
    today = desk.broker.clock().now
    told(
        desk,
        {**FILL, "symbol": "AAPL210618C00130000", "transaction_time": today.isoformat()},
        order_is_shown=False,
    )
    (fill,) = desk.broker.activities(None)
    assert isinstance(fill, Fill)
    assert fill.client_order_id == ""


def test_a_row_that_is_listed_twice_and_out_of_order_is_told_once_and_in_order(alpaca: MakeDesk) -> None:
    desk = alpaca()
    told(desk, cash(2), FILL, cash(1), cash(2), FILL)
    assert [identifier(activity) for activity in desk.broker.activities(None)] == [
        FILL["id"],
        cash(1)["id"],
        cash(2)["id"],
    ]
