"""An order as it leaves for Alpaca."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.brokers.alpaca.broker.conftest import MakeDesk, order_json
from tests.fakes.orders import Requests
from tradebot.brokers.alpaca.broker.order_parsing import parse_order
from tradebot.brokers.alpaca.broker.order_payloads import order_body, order_path, replacement_body
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderType, Side, TimeInForce
from tradebot.errors import OrderRefused

make = Requests()


def resting(**fields: Any) -> BrokerOrder:
    found = parse_order(order_json(**fields))
    assert found is not None
    return found.order


def limit(quantity: str, price: str, **terms: Any) -> OrderRequest:
    request = make.buy(quantity, limit=price, client_id="c2")
    return replace(request, **terms)


def test_a_limit_order_says_what_it_is_and_no_more_with_every_number_as_text() -> None:
    assert order_body(make.buy("12345678.123456789", limit="95.50", client_id="c1", tif=TimeInForce.DAY)) == {
        "client_order_id": "c1",
        "symbol": "ACME",
        "side": "buy",
        "type": "limit",
        "time_in_force": "day",
        "qty": "12345678.123456789",
        "limit_price": "95.5",
    }


def test_a_bracket_names_its_class_and_both_legs() -> None:
    body = order_body(make.buy(10, stop_loss="95", take_profit="110"))
    assert body["order_class"] == "bracket"
    assert (body["stop_loss"], body["take_profit"]) == ({"stop_price": "95"}, {"limit_price": "110"})


def test_an_entry_with_a_stop_alone_is_an_oto() -> None:
    body = order_body(make.buy(10, stop_loss="95"))
    assert body["order_class"] == "oto"
    assert "take_profit" not in body


@pytest.mark.parametrize("identifier", ["", "x" * 129])
def test_an_id_that_would_be_made_up_or_refused_is_not_sent(identifier: str) -> None:
    with pytest.raises(OrderRefused, match="client_order_id must have 1 to 128 characters"):
        order_body(make.buy(1, client_id=identifier))


def test_a_replacement_says_only_what_changes() -> None:
    assert replacement_body(resting(), limit("10", "96")) == {"client_order_id": "c2", "limit_price": "96"}
    assert replacement_body(resting(), limit("8", "95.5")) == {"client_order_id": "c2", "qty": "8"}


def test_a_replacement_of_an_order_that_has_begun_to_fill_always_says_how_many_are_to_rest() -> None:
    begun = resting(filled_qty="4", status="partially_filled")
    assert replacement_body(begun, limit("10", "96")) == {"client_order_id": "c2", "limit_price": "96", "qty": "10"}


def test_a_replacement_that_changes_nothing_says_everything_again() -> None:
    assert replacement_body(resting(), limit("10", "95.5")) == {
        "client_order_id": "c2",
        "qty": "10",
        "limit_price": "95.5",
    }


def test_a_day_order_can_be_made_to_stay() -> None:
    renewed = replacement_body(resting(time_in_force="day"), limit("10", "95.5"))
    assert renewed == {"client_order_id": "c2", "time_in_force": "gtc"}


@pytest.mark.parametrize("terms", [{"symbol": "OTHER"}, {"side": Side.SELL}, {"type": OrderType.STOP}])
def test_what_no_replacement_can_change_is_not_sent(terms: dict[str, Any]) -> None:
    with pytest.raises(OrderRefused, match="must keep symbol, side and type"):
        replacement_body(resting(), limit("10", "96", **terms))


def test_an_id_that_is_none_of_alpaca_s_is_not_asked_for(alpaca: MakeDesk) -> None:
    desk = alpaca()
    with pytest.raises(OrderRefused, match="order not found"):
        order_path("O-000000001")
    with pytest.raises(OrderRefused):
        desk.broker.cancel("../account")
    assert desk.asked == []
