"""The books of the account: cash, averages, and the shares that are free to be sold."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.brokers.conftest import OpenPit
from tests.fakes.pit import decimals
from tests.fakes.prices import dividend, made, sessions
from tradebot.brokers.paper import ExchangeRules
from tradebot.core.model.account import CashEvent, Fill
from tradebot.core.model.orders import OrderState
from tradebot.errors import OrderRefused

QUIET = "100 101 99 100"


def test_cash_is_the_sum_of_what_happened(pit: OpenPit) -> None:
    second = sessions(3)[1]
    prices = made(
        {"ACME": ["33.33 34 33 33.5"] * 3, "PENY": ["0.1234 0.13 0.12 0.125"] * 3}, [dividend("ACME", second, "0.3333")]
    )
    world = pit(prices, ExchangeRules())
    world.at("09:35")
    world.buy(77)
    world.buy(1003, symbol="PENY")
    world.next("15:45")
    world.sell(40)
    world.sell(3, symbol="PENY")
    cash = Decimal(100_000)
    for done in world.happened():
        if isinstance(done, Fill):
            cash -= done.side.sign * done.quantity * done.price + done.fee
        elif isinstance(done, CashEvent):
            cash += done.amount
    account = world.broker.account()
    assert account.cash == cash
    held = sum((p.quantity * p.market_price for p in world.broker.positions()), Decimal(0))
    assert account.equity == (cash + held).quantize(Decimal("0.01"))


def test_average_price_follows_purchases_and_not_sales(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET, "110 111 109 110"]}))
    world.at("09:35")
    world.buy(10)
    world.next("09:35")
    world.buy(20)
    world.sell(5)
    (position,) = world.broker.positions()
    assert (position.quantity, position.average_price) == decimals(25, "106.666667")
    assert position.market_price == 110


def test_selling_more_than_is_free_is_refused(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET]}))
    world.at("09:35")
    world.buy(10)
    world.sell(6, stop="95")
    with pytest.raises(OrderRefused, match="requested 5 ACME, available 4") as refused:
        world.sell(5)
    assert refused.value.reason == "40310000 insufficient qty available for order"
    assert world.sell(4).state is OrderState.FILLED


def test_the_two_legs_of_a_bracket_hold_their_shares_once(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET]}))
    world.at("09:35")
    world.buy(10)
    world.buy(10, stop_loss="95", take_profit="110")
    with pytest.raises(OrderRefused, match="available 10"):
        world.sell(11)
    assert world.sell(10).state is OrderState.FILLED


def test_legs_that_wait_for_their_entry_hold_no_shares(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET]}))
    world.at("09:35")
    world.buy(10)
    world.buy(10, limit="98", stop_loss="95", take_profit="110")
    assert world.sell(10).state is OrderState.FILLED
