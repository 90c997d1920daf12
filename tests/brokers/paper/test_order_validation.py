"""What the exchange refuses: with which code, in which words, and without a trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.brokers.conftest import OpenPit
from tests.fakes.pit import FREE
from tests.fakes.prices import made
from tradebot.core.model.capabilities import EVERYTHING
from tradebot.core.model.orders import BrokerOrder, OrderType, Side, TimeInForce
from tradebot.errors import OrderRefused

BUY, SELL = Side.BUY, Side.SELL
DAY = TimeInForce.DAY


@pytest.mark.parametrize(
    ("side", "quantity", "terms", "reason"),
    [
        (BUY, "0", {}, "42210000 qty must be > 0"),
        (BUY, "-1", {}, "42210000 qty must be > 0"),
        (BUY, "NaN", {}, "42210000 qty must be > 0"),
        (BUY, "Infinity", {}, "42210000 qty must be > 0"),
        (BUY, "1.5", {}, "42210000 fractional orders must be DAY orders"),
        (BUY, "1.5", {"tif": DAY, "stop_loss": "95"}, "42210000 fractional orders must be simple orders"),
        (BUY, "1.0000000001", {"tif": DAY}, "42210000 qty must have at most 9 decimal places"),
        (SELL, "0.5", {"tif": DAY}, "40310000 fractional orders cannot be sold short"),
        (BUY, "0.0099", {"tif": DAY}, "40310000 cost basis must be >= minimal amount of order 1"),
        (BUY, "0.5", {"tif": DAY, "limit": "1.99"}, "40310000 cost basis must be >= minimal amount of order 1"),
        (BUY, "1", {"tif": TimeInForce.OTHER}, "42210000 invalid order type or time_in_force"),
        (BUY, "1", {"tif": TimeInForce.OPG}, "42210000 invalid order type or time_in_force"),
        (BUY, "1", {"tif": TimeInForce.CLS, "limit": "99"}, "42210000 invalid order type or time_in_force"),
        (BUY, "1", {"symbol": "NONE"}, "42210000 asset not found"),
        (BUY, "1", {"symbol": "LATER"}, "42210000 asset not found"),
        (BUY, "1001", {}, "40310000 insufficient buying power"),
        (BUY, "1001", {"limit": "100"}, "40310000 insufficient buying power"),
        (BUY, "1001", {"stop": "101"}, "40310000 insufficient buying power"),
        (SELL, "1", {}, "40310000 account is not allowed to short"),
        (SELL, "1", {"stop": "90"}, "40310000 account is not allowed to short"),
        (BUY, "1", {"limit": "99.001"}, "42210000 sub-penny increment does not fulfill minimum pricing criteria"),
        (BUY, "1", {"limit": "0.12345"}, "42210000 sub-penny increment does not fulfill minimum pricing criteria"),
        (BUY, "1", {"stop": "101.005"}, "42210000 sub-penny increment does not fulfill minimum pricing criteria"),
        (BUY, "1", {"limit": "0"}, "42210000 limit_price must be > 0"),
        (BUY, "1", {"limit": "-5"}, "42210000 limit_price must be > 0"),
        (BUY, "1", {"limit": "NaN"}, "42210000 limit_price must be > 0"),
        (BUY, "1", {"client_id": ""}, "40010001 client_order_id must have 1 to 128 characters"),
        (BUY, "1", {"client_id": "x" * 129}, "40010001 client_order_id must have 1 to 128 characters"),
        (BUY, "1", {"take_profit": "110"}, "42210000 bracket orders require stop_loss"),
        (BUY, "1", {"stop_loss": "100"}, "42210000 stop_loss.stop_price must be <= base_price - 0.01"),
        (BUY, "1", {"limit": "98", "stop_loss": "98"}, "42210000 stop_loss.stop_price must be <= base_price - 0.01"),
        (
            BUY,
            "1",
            {"stop_loss": "95", "take_profit": "100"},
            "42210000 take_profit.limit_price must be >= base_price + 0.01",
        ),
        (
            BUY,
            "1",
            {"symbol": "PENNY", "stop_loss": "0.4901"},
            "42210000 stop_loss.stop_price must be <= base_price - 0.01",
        ),
        (
            BUY,
            "1",
            {"symbol": "PENNY", "stop_loss": "0.4", "take_profit": "0.5099"},
            "42210000 take_profit.limit_price must be >= base_price + 0.01",
        ),
        (BUY, "1", {"stop_loss": "95.001"}, "42210000 sub-penny increment does not fulfill minimum pricing criteria"),
    ],
)
def test_a_refusal_names_its_reason_and_leaves_nothing(
    pit: OpenPit, side: Side, quantity: str, terms: dict[str, Any], reason: str
) -> None:
    listed: dict[str, list[str | None]] = {
        "ACME": ["100 101 99 100"] * 2,
        "LATER": [None, "5 6 4 5"],
        "PENNY": ["0.5 0.5 0.5 0.5"] * 2,
    }
    world = pit(made(listed))
    world.at("09:35")
    request = world.requests.order(side, quantity, **terms)
    with pytest.raises(OrderRefused) as refused:
        world.submit(request)
    assert refused.value.reason == reason
    assert world.broker.open_orders() == ()
    assert world.happened() == ()
    assert world.broker.order(request.client_order_id) is None


@pytest.mark.parametrize("kind", [OrderType.TRAILING_STOP, OrderType.OTHER])
def test_a_type_that_the_exchange_does_not_know_is_refused(pit: OpenPit, kind: OrderType) -> None:
    world = pit(made({"ACME": ["100 101 99 100"]}))
    world.at("09:35")
    world.buy(1)
    with pytest.raises(OrderRefused, match="invalid order type or time_in_force"):
        world.submit(replace(world.requests.sell(1, stop="95"), type=kind))


def test_a_client_order_id_is_taken_for_ever(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 101 99 100"] * 2}))
    world.at("09:35")
    world.buy(1, client_id="filled", stop_loss="95")
    resting = world.buy(1, client_id="cancelled", limit="90")
    world.broker.cancel(resting.broker_order_id)
    world.next("09:35")
    for taken in ("filled", "cancelled", "filled.stop"):
        with pytest.raises(OrderRefused) as refused:
            world.buy(1, client_id=taken)
        assert refused.value.reason == "40010001 client_order_id must be unique"
    world.buy(1, client_id="next.stop", limit="90")
    with pytest.raises(OrderRefused, match="unique"):
        world.buy(1, client_id="next", stop_loss="95")


def test_an_order_that_is_over_is_not_cancelled(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 101 99 100"]}))
    world.at("09:35")
    filled = world.buy(1)
    with pytest.raises(OrderRefused) as refused:
        world.broker.cancel(filled.broker_order_id)
    assert refused.value.reason == '42210000 order is already in "filled" state'
    with pytest.raises(OrderRefused, match="already in"):
        world.broker.replace(filled.broker_order_id, world.requests.buy(2))


@pytest.mark.parametrize("unknown", ["O-000000009", "O-9", "c1", "", "A-000000001"])
def test_an_unknown_order_is_not_cancelled(pit: OpenPit, unknown: str) -> None:
    world = pit(made({"ACME": ["100 101 99 100"]}))
    world.at("09:35")
    world.buy(1, limit="90")
    with pytest.raises(OrderRefused) as refused:
        world.broker.cancel(unknown)
    assert refused.value.reason == "40410000 order not found"


def test_a_bracket_does_not_close_a_position(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 101 99 100"]}))
    world.at("09:35")
    world.buy(10)
    with pytest.raises(OrderRefused, match="must be entry orders"):
        world.sell(5, stop_loss="105")


def test_before_its_first_open_a_symbol_takes_no_market_order(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 101 99 100"]}))
    with pytest.raises(OrderRefused, match="no price yet"):
        world.buy(1)
    world.buy(1, limit="101")
    world.at("09:30")
    assert world.held() == 1


def test_an_exchange_that_lacks_a_capability_refuses_what_needs_it(pit: OpenPit) -> None:
    lacking = replace(EVERYTHING, brackets=False, oto=False, replace=False, cancel_all=False, fractions=False)
    world = pit(made({"ACME": ["100 101 99 100"]}), replace(FREE, capabilities=lacking))
    world.at("09:35")
    resting = world.buy(1, limit="90", client_id="resting")
    refused: tuple[tuple[str, Callable[[], BrokerOrder]], ...] = (
        ("oto orders are not supported", lambda: world.buy(1, stop_loss="95")),
        ("bracket orders are not supported", lambda: world.buy(1, stop_loss="95", take_profit="110")),
        ("qty must be whole shares", lambda: world.buy("1.5", tif=DAY)),
        ("orders can't be replaced", lambda: world.broker.replace(resting.broker_order_id, world.requests.buy(2))),
    )
    for words, request in refused:
        with pytest.raises(OrderRefused, match=words):
            request()
    with pytest.raises(OrderRefused, match="no request cancels all orders"):
        world.broker.cancel_all()
    assert [order.client_order_id for order in world.broker.open_orders()] == ["resting"]
    assert not world.broker.permissions().fractions
