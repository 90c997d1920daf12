"""Splits and dividends through open positions and resting orders, made up and real."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.brokers.conftest import OpenPit
from tests.fakes.pit import FREE, decimals
from tests.fakes.prices import dividend, ended, made, sessions, split
from tradebot.brokers.paper import ExchangeRules
from tradebot.core.model.account import ActionKind, CashEvent, CashKind, Fill, Reorganisation, SplitEvent
from tradebot.core.model.orders import OrderState, TimeInForce
from tradebot.errors import OrderRefused
from tradebot.market.price_file import PriceFile

FIRST, SECOND, THIRD = sessions(3)
QUIET = "100 101 99 100"


def test_a_split_multiplies_the_position_before_the_open(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET, "50 51 49 50"]}, [split("ACME", SECOND, "2")]))
    world.at("09:35")
    world.buy(7)
    world.at("16:00")
    world.next()
    (position,) = world.broker.positions()
    assert (position.quantity, position.average_price, position.market_price) == decimals(14, 50, 50)
    assert world.broker.account().equity == 100_000
    event = world.happened()[-1]
    assert isinstance(event, SplitEvent)
    assert (event.ratio, event.quantity_before, event.quantity_after) == decimals(2, 7, 14)
    assert (event.session, event.at) == (SECOND, world.exchange.now())


def test_a_split_adjusts_resting_orders(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET, "66 67 65 66"]}, [split("ACME", SECOND, "1.5")]))
    world.at("09:35")
    world.buy(7, stop_loss="95", take_profit="110.11")
    world.buy(3, limit="90")
    world.buy(3, stop="120", limit="121")
    world.next()
    orders = {order.client_order_id: order for order in world.broker.open_orders()}
    assert (orders["c1.stop"].quantity, orders["c1.stop"].stop_price) == decimals(10, "63.33")
    assert (orders["c1.target"].quantity, orders["c1.target"].limit_price) == decimals(10, "73.41")
    assert (orders["c2"].quantity, orders["c2"].limit_price) == decimals(4, 60)
    assert (orders["c3"].stop_price, orders["c3"].limit_price) == decimals(80, "80.67")


def test_fractions_of_a_share_are_paid_out(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET, "66 67 65 66"]}, [split("ACME", SECOND, "1.5")]))
    world.at("09:35")
    world.buy(7)
    world.at("16:00")
    before = world.broker.account()
    world.next()
    assert world.held() == 10
    event = world.happened()[-1]
    assert isinstance(event, CashEvent)
    assert (event.kind, event.amount) == (CashKind.CASH_IN_LIEU, Decimal("33.33"))  # half a share at 100 / 1.5
    assert world.broker.account().cash == before.cash + Decimal("33.33")
    assert abs(world.broker.account().equity - before.equity) <= Decimal("0.01")


def test_fractions_of_a_share_stay_where_the_rules_say_so(pit: OpenPit) -> None:
    rules = replace(FREE, fractions_stay=True)
    world = pit(made({"ACME": [QUIET, "66 67 65 66"]}, [split("ACME", SECOND, "1.5")]), rules)
    world.at("09:35")
    world.buy(7)
    world.at("16:00")
    before = world.broker.account().cash
    world.next("10:00")
    assert (world.held(), world.broker.account().cash) == (Decimal("10.5"), before)
    world.sell("0.5", tif=TimeInForce.DAY)
    assert world.held() == 10


def test_a_reverse_split_that_leaves_no_share_pays_all_and_cancels_the_stop(pit: OpenPit) -> None:
    world = pit(made({"ACME": ["1 1.1 0.9 1", "10 11 9 10"]}, [split("ACME", SECOND, "0.1")]))
    world.at("09:35")
    world.buy(5, stop_loss="0.8")
    world.next()
    assert world.broker.positions() == ()
    assert world.order("c1.stop").state is OrderState.CANCELLED
    assert world.broker.account().cash == 100_000


def test_a_dividend_is_paid_at_the_open_on_what_was_held(pit: OpenPit) -> None:
    prices = made({"ACME": [QUIET, "97 98 96 97", "97 98 96 97"]}, [dividend("ACME", SECOND, "3.005")])
    world = pit(prices)
    world.at("09:35")
    world.buy(7, stop_loss="95")
    world.next("09:29")
    assert world.broker.account().equity == 100_000
    world.buy(100)  # on the ex-date: no dividend
    world.at("09:30")
    event = world.happened()[1]
    assert isinstance(event, CashEvent)
    assert (event.kind, event.amount, event.symbol) == (CashKind.DIVIDEND, Decimal("21.04"), "ACME")  # 21.035, even
    assert world.order("c1.stop").stop_price == 95  # not reduced
    world.next("09:35")
    assert len([done for done in world.happened() if isinstance(done, CashEvent)]) == 1


def test_a_split_and_a_dividend_of_one_day_count_the_new_shares(pit: OpenPit) -> None:
    actions = [dividend("ACME", SECOND, "1"), split("ACME", SECOND, "2")]
    world = pit(made({"ACME": [QUIET, "49 50 48 49"]}, actions))
    world.at("09:35")
    world.buy(10)
    world.next("09:30")
    assert world.broker.account().cash == 100_000 - 1_000 + 20
    assert world.broker.account().equity == 100_000


def test_a_split_of_what_is_not_held_changes_nothing(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET, "50 51 49 50"]}, [split("ACME", SECOND, "2")]))
    world.next()
    assert world.happened() == ()
    assert world.exchange.quotes(["ACME"])["ACME"].last == 50


def test_actions_on_a_day_without_a_session_come_with_the_next_one(pit: OpenPit) -> None:
    friday, saturday = date(2007, 1, 5), date(2007, 1, 6)
    prices = made({"ACME": [QUIET, "50 51 49 50"]}, [split("ACME", saturday, "2")], first=friday)
    world = pit(prices)
    world.at("09:35")
    world.buy(7)
    world.next()
    assert world.held() == 14


@pytest.mark.parametrize(
    ("symbol", "before", "ex_date"),
    [
        ("AAPL", date(2000, 6, 20), date(2000, 6, 21)),
        ("AAPL", date(2005, 2, 25), date(2005, 2, 28)),
        ("MSFT", date(2003, 2, 14), date(2003, 2, 18)),
    ],
)
def test_the_real_splits_leave_equity_and_protection_continuous(
    pit: OpenPit, symbol: str, before: date, ex_date: date
) -> None:
    world = pit(PriceFile(), ExchangeRules(start=before))
    world.at("09:35")
    last = world.exchange.quotes([symbol])[symbol].last
    stop = (last * Decimal("0.8")).quantize(Decimal("0.01"))
    world.buy(101, symbol=symbol, stop_loss=str(stop))
    world.at("16:00")
    close = world.exchange.quotes([symbol])[symbol].last
    equity = world.broker.account().equity
    world.next()
    assert world.exchange.session() == ex_date
    assert world.held(symbol) == 202
    assert world.broker.account().equity == equity
    (resting,) = world.broker.open_orders()
    assert resting.quantity == 202
    assert abs(resting.stop_price * 2 - stop) <= Decimal("0.01")  # type: ignore[operator]
    world.at("16:00")
    assert world.order("c1.stop").state is OrderState.ACCEPTED
    moved = abs(world.broker.account().equity - equity)
    assert moved < 101 * close * Decimal("0.15")
    assert world.broker.account().last_equity == equity


def test_the_real_special_dividend_leaves_equity_continuous(pit: OpenPit) -> None:
    world = pit(PriceFile(), ExchangeRules(start=date(2004, 11, 12)))
    world.at("09:35")
    world.buy(1_000, symbol="MSFT", stop_loss="25")
    world.at("16:00")
    equity = world.broker.account().equity
    world.next("09:29")
    assert world.broker.account().equity == equity
    world.at("16:00")
    (paid,) = [done for done in world.happened() if isinstance(done, CashEvent)]
    assert paid.amount == Decimal("3029.50")
    # 29.97 at the close before, 27.39 at the close after, and 3.0295 in cash
    assert world.broker.account().equity == equity + Decimal("449.50")
    assert world.order("c1.stop").stop_price == 25


# --- ends --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "paid", "cash"),
    [(ActionKind.CASH_MERGER, "54.2", 379.4), (ActionKind.DELISTING, "0.125", 0.88), (ActionKind.DELISTING, "0", 0)],
)
def test_an_end_pays_the_position_out_and_cancels_the_orders(
    pit: OpenPit, kind: ActionKind, paid: str, cash: float
) -> None:
    world = pit(made({"ACME": ["100 101 99 100"], "OTHER": [QUIET] * 3}, [ended("ACME", SECOND, kind, paid)]))
    world.at("09:35")
    world.buy(7, stop_loss="90", take_profit="110")
    world.buy(1, limit="80")
    elsewhere = world.buy(1, limit="80", symbol="OTHER")
    before = world.broker.account().cash
    world.next()
    assert world.broker.positions() == ()
    assert [order.client_order_id for order in world.broker.open_orders()] == [elsewhere.client_order_id]
    assert world.order("c2").state is OrderState.CANCELLED
    assert world.broker.account().cash == before + Decimal(str(cash))
    end, *paid_out = world.happened()[1:]
    assert isinstance(end, Reorganisation)
    assert (end.kind, end.symbol, end.new_symbol, end.session) == (kind, "ACME", None, SECOND)
    assert (end.quantity_before, end.quantity_after, end.cash) == decimals(7, 0, paid)
    told = [(event.kind, event.amount, event.symbol) for event in paid_out if isinstance(event, CashEvent)]
    assert told == ([(CashKind.CASH_IN_LIEU, Decimal(str(cash)), "ACME")] if cash else [])


def test_what_has_ended_does_not_trade_until_it_is_listed_anew(pit: OpenPit) -> None:
    gone = ended("ACME", SECOND, ActionKind.CASH_MERGER, "54.2")
    world = pit(made({"ACME": [QUIET, None, "20 21 19 20"], "OTHER": [QUIET] * 3}, [gone]))
    world.at("09:35")
    world.next()
    assert not world.broker.assets(["ACME"])["ACME"].tradable
    world.at("09:35")
    assert not world.broker.assets(["ACME"])["ACME"].tradable
    assert world.happened() == ()  # nothing was held
    world.next("09:35")
    assert world.broker.assets(["ACME"])["ACME"].tradable
    world.buy(1)
    assert world.held() == 1


def test_a_short_pays_for_the_end_and_a_split_of_the_day_comes_first(pit: OpenPit) -> None:
    ends = [ended("ACME", SECOND, ActionKind.DELISTING, "60"), split("ACME", SECOND, "2")]
    world = pit(made({"ACME": [QUIET], "OTHER": [QUIET] * 2}, ends), ExchangeRules(allow_short=True))
    world.at("09:35")
    world.sell(5)
    cash = world.broker.account().cash
    world.next()
    assert world.broker.positions() == ()
    assert world.broker.account().cash == cash - 600


def test_a_fill_from_before_the_end_is_not_busted(pit: OpenPit) -> None:
    world = pit(made({"ACME": [QUIET], "OTHER": [QUIET] * 2}, [ended("ACME", SECOND, ActionKind.DELISTING, "60")]))
    world.at("09:35")
    world.buy(5)
    (fill,) = world.happened()
    assert isinstance(fill, Fill)
    world.next()
    with pytest.raises(OrderRefused, match="before the end of its symbol"):
        world.exchange.bust(fill.fill_id)
