"""The bodies that orders are sent with."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tradebot.brokers.robinhood.broker.order_payloads import OrderPlace, order_body, parse_order_id
from tradebot.core.model.order_ids import ref_id
from tradebot.core.model.orders import OrderRequest, OrderType, Side, TimeInForce
from tradebot.errors import OrderRefused

PLACE = OrderPlace("https://host/accounts/5QR12345/", "https://host/instruments/333/")
ENTRY = OrderRequest(
    "an-id", "ACME", Side.BUY, Decimal(100), OrderType.LIMIT, TimeInForce.DAY, limit_price=Decimal("10.10")
)
EXIT = OrderRequest("an-id", "ACME", Side.SELL, Decimal(100), OrderType.MARKET, TimeInForce.DAY)
STOP = OrderRequest(
    "an-id", "ACME", Side.SELL, Decimal(100), OrderType.STOP, TimeInForce.GTC, stop_price=Decimal("9.5")
)


def test_an_entry_is_a_limit_order_for_the_day_in_regular_hours() -> None:
    assert order_body(ENTRY, PLACE) == {
        "account": PLACE.account,
        "instrument": PLACE.instrument,
        "symbol": "ACME",
        "side": "buy",
        "type": "limit",
        "trigger": "immediate",
        "quantity": "100",
        "price": "10.1",
        "time_in_force": "gfd",
        "market_hours": "regular_hours",
        "extended_hours": False,
        "order_form_version": 7,
        "position_effect": "open",
        "ref_id": ref_id("an-id"),
    }


def test_a_market_sell_and_a_stop_have_no_price() -> None:
    for request, trigger, time in ((EXIT, "immediate", "gfd"), (STOP, "stop", "gtc")):
        body = order_body(request, PLACE)
        assert "price" not in body
        assert (body["type"], body["trigger"], body["time_in_force"]) == ("market", trigger, time)
        assert body["position_effect"] == "close"
        assert ("stop_price" in body) is (request is STOP)


def test_no_order_lets_robinhood_choose_a_price() -> None:
    for request in (ENTRY, EXIT, STOP):
        assert not {"preset_percent_limit", "dollar_based_amount", "bid_price"} & order_body(request, PLACE).keys()


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (replace(ENTRY, stop_loss=Decimal(9)), "it takes no stop or target along with an entry"),
        (replace(ENTRY, type=OrderType.MARKET, limit_price=None), "a market buy order is none that it is sent"),
        (replace(STOP, side=Side.BUY), "a stop buy order is none that it is sent"),
        (replace(ENTRY, quantity=Decimal("0.5")), "0.5 shares are no whole number"),
        (replace(EXIT, quantity=Decimal(0)), "0 shares are no whole number"),
        (replace(ENTRY, time_in_force=TimeInForce.OPG), "no order is good for opg"),
        (replace(EXIT, limit_price=Decimal(9)), "a market sell has no price"),
        (replace(STOP, limit_price=Decimal(9)), "a stop has a stop price and no other"),
        (replace(ENTRY, limit_price=None), "a limit order has a limit price and no other"),
        (replace(STOP, type=OrderType.STOP_LIMIT, limit_price=Decimal(9)), "a stop_limit sell order is none"),
    ],
)
def test_what_is_not_sent_is_refused_here_with_a_reason(request_: OrderRequest, why: str) -> None:
    with pytest.raises(OrderRefused, match=why):
        order_body(request_, PLACE)


def test_an_id_that_is_no_uuid_names_no_order() -> None:
    assert parse_order_id("11111111111111111111111111111111") == "11111111-1111-1111-1111-111111111111"
    with pytest.raises(OrderRefused, match="order not found"):
        parse_order_id("../accounts")
