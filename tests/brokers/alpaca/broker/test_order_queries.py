"""Finding orders, and whose legs they are, in few requests."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.alpaca.broker.brackets import STOP, TARGET, bracketed, make
from tests.brokers.alpaca.broker.conftest import MakeDesk, order_json
from tests.brokers.contract import QUIET, fills, leg_of, order_of
from tests.core.builders import position, quote, situation
from tests.fakes.alpaca import Answer, Arrival
from tradebot.brokers.alpaca.broker import order_queries
from tradebot.brokers.alpaca.broker.activities import OVERLAP
from tradebot.core.model.orders import OrderState, OrderType, TimeInForce
from tradebot.core.risk.exposure import measure_exposure
from tradebot.errors import BrokerUnavailable


def test_orders_without_legs_are_listed_in_one_request(alpaca: MakeDesk) -> None:
    desk = alpaca()
    for price in ("90", "91"):
        desk.broker.submit(make.buy(1, limit=price))
    desk.as_a_new_command()
    assert [str(order.limit_price) for order in desk.broker.open_orders()] == ["90", "91"]
    assert desk.asked == ["GET /v2/orders"]


def test_a_list_of_more_than_a_page_is_read_whole_and_each_order_once(
    alpaca: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_queries, "PAGE_SIZE", 4)
    desk = alpaca()
    for number in range(10):
        desk.broker.submit(make.buy(1, limit="90", client_id=f"n{number}"))
    desk.as_a_new_command()
    assert [order.client_order_id for order in desk.broker.open_orders()] == [f"n{number}" for number in range(10)]
    assert len(desk.asked) == 4


def test_orders_of_one_instant_that_straddle_a_page_are_all_read(
    alpaca: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_queries, "PAGE_SIZE", 4)
    desk = alpaca()
    bracketed(desk, "first", limit="99")
    bracketed(desk, "second", limit="98")
    desk.as_a_new_command()
    assert len(desk.broker.open_orders()) == 6


def test_a_server_that_gives_one_page_for_ever_is_not_asked_for_ever(
    alpaca: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_queries, "PAGE_SIZE", 1)
    desk = alpaca()
    desk.fake.bend = lambda arrival, answer: replace(answer, status=200, body=[order_json()])
    with pytest.raises(BrokerUnavailable, match="more orders of one instant than fit on a page"):
        desk.broker.open_orders()
    assert len(desk.asked) == 2


def test_an_order_that_cannot_be_read_makes_the_whole_list_no_answer(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.fake.bend = lambda arrival, answer: replace(answer, body=[order_json(), order_json(id="b", symbol=None)])
    with pytest.raises(BrokerUnavailable, match="symbol of order b"):
        desk.broker.open_orders()


def test_many_orders_are_looked_up_in_one_request(alpaca: MakeDesk) -> None:
    desk = alpaca()
    for number in range(20):
        desk.broker.submit(make.buy(1, client_id=f"n{number}"))
    desk.as_a_new_command()
    found = desk.broker.orders([f"n{number}" for number in range(20)])
    assert {order.state for order in found.values()} == {OrderState.FILLED}
    assert list(found) == [f"n{number}" for number in range(20)]
    assert desk.asked == ["GET /v2/orders"]


def test_what_is_not_on_the_newest_page_is_looked_up_by_itself(
    alpaca: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_queries, "PAGE_SIZE", 4)
    desk = alpaca()
    for number in range(10):
        desk.broker.submit(make.buy(1, client_id=f"n{number}"))
    desk.as_a_new_command()
    assert list(desk.broker.orders(["n0", "never", "n9"])) == ["n0", "n9"]
    assert desk.asked == ["GET /v2/orders"] + ["GET /v2/orders:by_client_order_id"] * 2


def test_one_order_is_looked_up_by_its_own_id(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.broker.submit(make.buy(1, client_id="one"))
    desk.as_a_new_command()
    assert list(desk.broker.orders(["one"])) == ["one"]
    assert desk.broker.orders([]) == {}
    assert desk.asked == ["GET /v2/orders:by_client_order_id"]


def test_the_legs_of_an_entry_are_told_though_the_answer_by_id_lacks_them(alpaca: MakeDesk) -> None:
    desk = alpaca()
    bracketed(desk)

    def flat(arrival: Arrival, answer: Answer) -> Answer:
        return replace(answer, body={**answer.body, "legs": None}) if "by_client" in arrival.path else answer

    desk.as_a_new_command()
    desk.fake.bend = flat
    assert {leg.role for leg in order_of(desk.broker, "entry").legs} == {STOP, TARGET}


def test_the_fills_of_a_day_name_their_orders_and_entries_in_one_more_request(alpaca: MakeDesk) -> None:
    desk = alpaca(QUIET, "100 101 94 95")
    for number in range(5):
        bracketed(desk, f"n{number}")
    desk.pit.next("15:45")
    desk.as_a_new_command()
    done = fills(desk.broker)
    assert len(done) == 10
    assert {fill.client_order_id for fill in done[:5]} == {f"n{number}" for number in range(5)}
    assert {fill.parent_client_order_id for fill in done[5:]} == {f"n{number}" for number in range(5)}
    assert desk.asked == ["GET /v2/account/activities", "GET /v2/orders"]


def test_the_fills_of_orders_that_were_just_sent_name_them_without_another_request(alpaca: MakeDesk) -> None:
    desk = alpaca()
    desk.as_a_new_command()
    bracketed(desk)
    (fill,) = fills(desk.broker)
    assert (fill.client_order_id, fill.parent_client_order_id) == ("entry", None)
    assert desk.asked == ["POST /v2/orders", "GET /v2/account/activities"]


def test_the_fill_of_a_raised_stop_names_its_entry(alpaca: MakeDesk) -> None:
    desk = alpaca(QUIET, "100 101 94 95")
    bracketed(desk)
    stop = leg_of(order_of(desk.broker, "entry"), STOP)
    desk.broker.replace(stop.broker_order_id, make.sell(10, stop="97", client_id="raised"))
    desk.pit.next("15:45")
    desk.as_a_new_command()
    (*_, last) = fills(desk.broker)
    assert (last.client_order_id, last.parent_client_order_id) == ("raised", "entry")


def test_an_old_fill_of_an_order_that_alpaca_no_longer_knows_is_nobody_s(alpaca: MakeDesk) -> None:
    days = OVERLAP.days
    desk = alpaca(*[QUIET] * days)
    desk.broker.submit(make.buy(1, client_id="gone"))
    for _ in range(days - 1):
        desk.pit.next("09:35")

    def forgotten(arrival: Arrival, answer: Answer) -> Answer:
        if arrival.path == "/v2/orders":
            return replace(answer, body=[])
        if arrival.path.startswith("/v2/orders/"):
            return Answer(404, {"code": 40410000, "message": "order not found"})
        return answer

    desk.as_a_new_command()
    desk.fake.bend = forgotten
    (fill,) = fills(desk.broker)
    assert (fill.client_order_id, fill.quantity) == ("", Decimal(1))


def foreign_orders() -> list[dict[str, Any]]:
    """What a person may have in the account and no job ever sends: each kind as Alpaca lists it, nested."""

    def placed(number: int, **fields: Any) -> dict[str, Any]:
        made: dict[str, Any] = {"client_order_id": f"person-{number}", "limit_price": None, **fields}
        return order_json(
            id=f"00000000-0000-4000-8000-00000000000{number}", order_type=made.get("type", "limit"), **made
        )

    pair = {"side": "sell", "order_class": "oco"}
    stop = placed(6, type="stop", stop_price="80", status="held", **pair)
    return [
        placed(1, type="trailing_stop", trail_percent="5", stop_price="95", side="buy"),
        placed(2, type="market", time_in_force="opg"),
        placed(3, type="limit", time_in_force="cls", limit_price="99"),
        placed(4, type="market", time_in_force="day", qty=None, notional="250"),
        placed(5, type="limit", limit_price="120", legs=[stop], **pair),
    ]


def test_kinds_of_orders_that_are_never_sent_are_listed_and_counted(alpaca: MakeDesk) -> None:
    desk = alpaca()

    def listed(arrival: Arrival, answer: Answer) -> Answer:
        heads = foreign_orders()
        if arrival.query.get("nested") != "true":
            heads = [{**order, "legs": None} for head in heads for order in (head, *(head["legs"] or ()))]
        return replace(answer, body=heads) if arrival.path == "/v2/orders" else answer

    desk.fake.bend = listed
    orders = {order.client_order_id: order for order in desk.broker.open_orders()}
    kinds = {name: (order.type, order.time_in_force) for name, order in orders.items()}
    assert kinds == {
        "person-1": (OrderType.TRAILING_STOP, TimeInForce.GTC),
        "person-2": (OrderType.MARKET, TimeInForce.OPG),
        "person-3": (OrderType.LIMIT, TimeInForce.CLS),
        "person-4": (OrderType.MARKET, TimeInForce.DAY),
        "person-5": (OrderType.LIMIT, TimeInForce.GTC),
        "person-6": (OrderType.STOP, TimeInForce.GTC),
    }
    target, stop = orders["person-5"], orders["person-6"]
    assert (target.role, stop.role, stop.parent_id) == (TARGET, STOP, target.broker_order_id)
    shown = situation(
        positions=(position("ACME", quantity="10"),),
        open_orders=tuple(orders.values()),
        quotes={"ACME": quote("ACME", last="100")},
    )
    assert measure_exposure(shown).total.value == 1000 + 1000 + 1000 + 1000 + 250  # the pair closes what is held
