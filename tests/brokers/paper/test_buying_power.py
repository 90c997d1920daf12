"""Cash to the cent, commissions, buying power, shorts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.brokers.conftest import OpenPit
from tests.fakes.pit import FREE, decimals
from tests.fakes.prices import dividend, made, sessions
from tradebot.brokers.paper import ExchangeRules
from tradebot.core.model.account import CashEvent, Fill
from tradebot.core.model.orders import OrderState
from tradebot.errors import OrderRefused

QUIET = "100 101 99 100"
SHORT = replace(FREE, allow_short=True)


def test_default_slippage_is_adverse_both_ways(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["33.33 34 33 33.5"]}), ExchangeRules())
    world.at("09:35")
    world.buy(10)
    world.sell(10)
    prices = [done.price for done in world.happened() if isinstance(done, Fill)]
    assert prices == [Decimal("33.35"), Decimal("33.31")]  # 33.346665 up, 33.313335 down


def test_resting_buys_reserve_their_cost(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET]}), ExchangeRules(starting_cash=Decimal(10_000)))
    world.at("09:35")
    order = world.buy(50, limit="90")
    assert world.broker.account().buying_power == Decimal(10_000 - 4_500 - 1)
    with pytest.raises(OrderRefused, match="insufficient buying power"):
        world.buy(60, limit="95")
    world.broker.cancel(order.broker_order_id)
    assert world.buy(60, limit="95").state is OrderState.ACCEPTED


def test_a_replacement_reuses_what_the_old_order_reserved(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET]}), ExchangeRules(starting_cash=Decimal(10_000)))
    world.at("09:35")
    order = world.buy(100, limit="90")
    new = world.broker.replace(order.broker_order_id, world.requests.buy(105, limit="95"))
    assert world.broker.account().buying_power == Decimal(10_000 - 9_975 - 1)
    with pytest.raises(OrderRefused, match="insufficient buying power"):
        world.broker.replace(new.broker_order_id, world.requests.buy(106, limit="95"))


def test_a_market_order_must_be_paid_at_the_price_it_fills_at(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET]}), ExchangeRules(starting_cash=Decimal(10_006)))
    world.at("09:35")
    with pytest.raises(OrderRefused, match=r"10006.00 USD needed, 10006.00|10106.05 USD needed"):
        world.buy(101)
    world.buy(100)  # 100 x 100.05 + 1 = 10006
    assert world.broker.account().cash == 0


def test_a_queued_order_that_the_open_makes_too_dear_is_rejected(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET, "120 121 119 120"]}), replace(FREE, starting_cash=Decimal(1_000)))
    world.at("17:00")
    world.buy(10, stop_loss="95")
    world.next("09:35")
    assert world.order("c1").state is OrderState.REJECTED
    assert "buying power" in world.order("c1").reason
    assert world.order("c1.stop").state is OrderState.CANCELLED
    assert world.broker.account().cash == 1_000


def test_last_equity_is_that_of_the_previous_close(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["100 101 99 100", "100 106 99 105", "90 91 89 90"]}))
    world.at("09:35")
    world.buy(10)
    assert world.broker.account().last_equity == 100_000
    world.next("09:35")
    world.at("16:00")
    assert world.broker.account().last_equity == 100_000
    assert world.broker.account().equity == 100_050
    world.next("09:35")
    assert world.broker.account().last_equity == 100_050
    assert world.broker.account().equity == 99_900


def test_a_short_earns_when_the_price_falls(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET, "90 91 89 90"]}), SHORT)
    world.at("09:35")
    world.sell(10)
    account = world.broker.account()
    assert (account.cash, account.equity) == decimals(101_000, 100_000)
    assert world.broker.permissions().shorting
    (position,) = world.broker.positions()
    assert (position.quantity, position.average_price, position.market_value) == decimals(-10, 100, -1000)
    world.next("09:35")
    assert world.broker.account().equity == 100_100
    with pytest.raises(OrderRefused, match="available 10"):
        world.buy(11)
    world.buy(10)
    assert world.broker.account().cash == 100_100
    assert world.broker.positions() == ()


def test_a_margin_account_holds_at_most_twice_its_equity(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET], "OTHER": ["50 51 49 50"]}), SHORT)
    world.at("09:35")
    world.buy(1_500)
    assert world.broker.account().buying_power == 50_000
    with pytest.raises(OrderRefused, match="insufficient buying power"):
        world.sell(1_001, symbol="OTHER")
    world.sell(1_000, symbol="OTHER")
    account = world.broker.account()
    assert (account.buying_power, account.cash, account.equity) == decimals(0, 0, 100_000)


def test_a_short_pays_the_dividend(pit: OpenPit) -> None:
    second = sessions(2)[1]
    world = pit(made({"ACME": [QUIET, "97 98 96 97"]}, [dividend("ACME", second, "3")]), SHORT)
    world.at("09:35")
    world.sell(10)
    world.next("09:35")
    (event,) = [done for done in world.happened() if isinstance(done, CashEvent)]
    assert event.amount == -30
    assert world.broker.account().equity == 100_000


def test_a_position_shows_the_shares_that_sells_hold_those_of_a_bracket_once(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET], "BARE": [QUIET]}))
    world.at("09:35")
    world.buy(10, stop_loss="95", take_profit="110")
    world.buy(4, symbol="BARE")
    assert {held.symbol: held.held_for_sells for held in world.broker.positions()} == {"ACME": 10, "BARE": 0}
