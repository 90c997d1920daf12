"""The contract of ports.Broker for orders, case by case, for every adapter. docs/brokers.md lists the cases."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.brokers.conftest import VenueOf
from tests.brokers.contract import QUIET, fills, leg_of, needs, order_of
from tests.fakes.orders import Requests
from tests.fakes.pit import decimals
from tradebot.core.model.orders import OrderState, OrderType, Purpose, Side, TimeInForce
from tradebot.errors import OrderRefused

STOP, TARGET = Purpose.STOP, Purpose.TARGET
make = Requests()


# --- filling ---------------------------------------------------------------------------------------


def test_b05_a_market_order_becomes_a_fill_a_position_and_less_cash(venue: VenueOf) -> None:
    market = venue(QUIET)
    market.to_open()
    market.buy(10, client_id="b05", tif=TimeInForce.DAY)
    order = order_of(market.broker, "b05")
    assert order.state is OrderState.FILLED
    assert (order.filled_quantity, order.average_fill_price) == decimals(10, 100)
    (position,) = market.broker.positions()
    assert (position.symbol, position.market_value) == ("ACME", Decimal(1000))
    (fill,) = fills(market.broker)
    assert (fill.client_order_id, fill.broker_order_id) == ("b05", order.broker_order_id)
    assert (fill.side, fill.symbol) == (Side.BUY, "ACME")
    assert fill.quantity * fill.price == 1000
    assert fill.at.utcoffset() == timedelta(0)
    clock = market.broker.clock()
    assert clock.today is not None and fill.session == clock.today.session
    assert market.broker.account().cash == 99_000
    assert market.broker.account().equity == 100_000


def test_b06_an_order_sent_before_the_open_fills_at_the_open(venue: VenueOf) -> None:
    market = venue("103 104 102 103")
    market.buy(10, client_id="b06", tif=TimeInForce.DAY)
    assert order_of(market.broker, "b06").state is OrderState.ACCEPTED
    market.to_open()
    assert order_of(market.broker, "b06").average_fill_price == 103


def test_b07_a_limit_order_never_fills_beyond_its_limit(venue: VenueOf) -> None:
    market = venue("100 101 97 99")
    market.to_open()
    market.broker.submit(make.buy(10, limit="98", client_id="b07", tif=TimeInForce.DAY))
    assert order_of(market.broker, "b07").state is OrderState.ACCEPTED
    market.to_afternoon()
    order = order_of(market.broker, "b07")
    assert order.state is OrderState.FILLED
    assert order.average_fill_price is not None and order.average_fill_price <= 98


def test_b08_a_stop_rests_until_its_price_is_seen(venue: VenueOf) -> None:
    market = venue(QUIET, "100 101 94 95")
    market.to_open()
    market.buy(10)
    market.broker.submit(make.sell(10, stop="95", client_id="b08"))
    market.to_close()
    assert order_of(market.broker, "b08").state is OrderState.ACCEPTED
    market.to_next_day()
    market.to_afternoon()
    assert order_of(market.broker, "b08").state is OrderState.FILLED
    assert market.broker.positions() == ()


def test_b09_a_stop_that_the_open_gaps_through_fills_at_the_open(venue: VenueOf) -> None:
    market = venue(QUIET, "90 91 89 90")
    market.to_open()
    market.buy(10)
    market.broker.submit(make.sell(10, stop="95", client_id="b09"))
    market.to_next_day()
    market.to_open()
    assert order_of(market.broker, "b09").average_fill_price == 90


def test_b10_day_orders_expire_and_gtc_orders_stay(venue: VenueOf) -> None:
    market = venue(QUIET, QUIET)
    market.to_open()
    market.broker.submit(make.buy(1, limit="90", client_id="b10-day", tif=TimeInForce.DAY))
    market.broker.submit(make.buy(1, limit="90", client_id="b10-gtc", tif=TimeInForce.GTC))
    market.to_close()
    market.to_next_day()
    assert order_of(market.broker, "b10-day").state in (OrderState.EXPIRED, OrderState.CANCELLED), "why, not all tell"
    assert [order.client_order_id for order in market.broker.open_orders()] == ["b10-gtc"]


def test_b11_last_equity_is_that_of_the_previous_close(venue: VenueOf) -> None:
    market = venue("100 106 99 105", "90 91 89 90")
    market.to_open()
    market.buy(10)
    market.to_next_day()
    market.to_open()
    account = market.broker.account()
    assert (account.last_equity, account.equity) == (Decimal(100_050), Decimal(99_900))


# --- refusing --------------------------------------------------------------------------------------


@needs("finds_by_id")
def test_b12_a_client_order_id_is_taken_once(venue: VenueOf) -> None:
    market = venue(QUIET)
    market.to_open()
    market.buy(1, client_id="b12")
    with pytest.raises(OrderRefused, match="client_order_id must be unique"):
        market.buy(1, client_id="b12")
    assert len(fills(market.broker)) == 1


@pytest.mark.parametrize(
    ("side", "quantity", "terms", "code"),
    [
        ("buy", "0", {}, "42210000"),
        ("buy", "1", {"symbol": "NONE"}, "42210000"),
        ("buy", "1100", {}, "40310000"),
        ("sell", "1", {}, "40310000"),
        ("buy", "1", {"limit": "99.001"}, "42210000"),
        pytest.param("buy", "1", {"stop_loss": "101", "take_profit": "110"}, "42210000", marks=needs("brackets")),
    ],
    ids=["quantity 0", "unknown symbol", "no buying power", "short sale", "sub-penny price", "stop above the price"],
)
def test_b13_a_refused_order_names_its_code_and_leaves_no_order(
    venue: VenueOf, side: str, quantity: str, terms: dict[str, str], code: str
) -> None:
    market = venue(QUIET)
    market.to_open()
    with pytest.raises(OrderRefused) as refused:
        market.broker.submit(make.order(Side(side), quantity, client_id="b13", **terms))  # type: ignore[arg-type]
    assert refused.value.reason.startswith(code if market.has_codes else "4")
    assert str(refused.value)
    assert market.broker.order("b13") is None
    assert market.broker.open_orders() == ()


def test_b14_shares_that_a_stop_holds_are_not_sold_twice(venue: VenueOf) -> None:
    market = venue(QUIET)
    market.to_open()
    market.buy(10)
    stop = market.broker.submit(make.sell(10, stop="95"))
    with pytest.raises(OrderRefused) as refused:
        market.broker.submit(make.sell(10))
    assert refused.value.reason.startswith("40310000" if market.has_codes else "4")
    market.broker.cancel(stop.broker_order_id)
    market.broker.submit(make.sell(10, client_id="b14"))
    assert order_of(market.broker, "b14").state is OrderState.FILLED
    assert market.broker.positions() == ()


def test_b15_a_resting_purchase_reserves_buying_power(venue: VenueOf) -> None:
    market = venue(QUIET)
    market.to_open()
    order = market.broker.submit(make.buy(500, limit="90"))
    assert market.broker.account().buying_power == 55_000
    assert market.broker.account().cash == 100_000
    with pytest.raises(OrderRefused):
        market.broker.submit(make.buy(560, limit="99"))
    market.broker.cancel(order.broker_order_id)
    assert market.broker.account().buying_power == 100_000


# --- cancelling and replacing ----------------------------------------------------------------------


def test_b16_a_cancelled_order_is_terminal_and_not_cancelled_again(venue: VenueOf) -> None:
    market = venue(QUIET)
    market.to_open()
    order = market.broker.submit(make.buy(1, limit="90", client_id="b16"))
    market.broker.cancel(order.broker_order_id)
    assert order_of(market.broker, "b16").state is OrderState.CANCELLED
    assert market.broker.open_orders() == ()
    with pytest.raises(OrderRefused):
        market.broker.cancel(order.broker_order_id)
    with pytest.raises(OrderRefused):
        market.broker.cancel("no-such-order")


@needs("replace")
def test_b17_a_replacement_takes_the_place_of_the_old_order(venue: VenueOf) -> None:
    market = venue(QUIET)
    market.to_open()
    market.buy(10)
    old = market.broker.submit(make.sell(10, stop="95", client_id="b17-old"))
    new = market.broker.replace(old.broker_order_id, make.sell(8, stop="97", client_id="b17-new"))
    assert new.broker_order_id != old.broker_order_id
    assert (new.client_order_id, new.quantity, new.stop_price) == ("b17-new", Decimal(8), Decimal(97))
    assert order_of(market.broker, "b17-old").state is OrderState.REPLACED
    assert [order.client_order_id for order in market.broker.open_orders()] == ["b17-new"]


@needs("replace")
def test_b18_a_refused_replacement_leaves_the_old_order(venue: VenueOf) -> None:
    market = venue(QUIET)
    market.to_open()
    market.buy(10)
    old = market.broker.submit(make.sell(10, stop="95", client_id="b18"))
    for request in (make.sell(11, stop="97"), make.sell(10, stop="97", client_id="b18")):
        with pytest.raises(OrderRefused):
            market.broker.replace(old.broker_order_id, request)
    (resting,) = market.broker.open_orders()
    assert (resting.client_order_id, resting.stop_price) == ("b18", Decimal(95))


# --- brackets --------------------------------------------------------------------------------------


@needs("brackets")
def test_b19_a_bracket_s_legs_are_live_orders_that_name_their_entry(venue: VenueOf) -> None:
    market = venue(QUIET)
    market.to_open()
    market.broker.submit(make.buy(10, stop_loss="95", take_profit="110", client_id="b19"))
    entry = order_of(market.broker, "b19")
    assert entry.state is OrderState.FILLED
    resting = {order.role: order for order in market.broker.open_orders()}
    assert resting.keys() == {STOP, TARGET}
    for role, order_type in ((STOP, OrderType.STOP), (TARGET, OrderType.LIMIT)):
        leg = resting[role]
        assert (leg.side, leg.quantity, leg.type) == (Side.SELL, Decimal(10), order_type)
        assert leg.state.live and leg.parent_id == entry.broker_order_id
        assert leg_of(entry, role).broker_order_id == leg.broker_order_id
    assert resting[STOP].stop_price == 95
    assert resting[TARGET].limit_price == 110


@needs("brackets")
def test_b20_legs_of_an_unfilled_entry_are_held(venue: VenueOf) -> None:
    market = venue(QUIET)
    market.to_open()
    entry = market.broker.submit(make.buy(10, limit="90", stop_loss="85", take_profit="99", client_id="b20"))
    held = {order.role: order.held for order in market.broker.open_orders()}
    assert held == {Purpose.ENTRY: False, STOP: True, TARGET: True}
    market.broker.cancel(entry.broker_order_id)
    assert market.broker.open_orders() == ()


@needs("brackets")
@pytest.mark.parametrize(
    ("day", "filled", "price"),
    [("100 111 99 110", TARGET, "110"), ("100 101 94 95", STOP, "95"), ("100 111 94 100", STOP, "95")],
    ids=["target", "stop", "both in one bar"],
)
def test_b21_one_leg_fills_and_the_other_is_cancelled(venue: VenueOf, day: str, filled: Purpose, price: str) -> None:
    market = venue(QUIET, day)
    market.to_open()
    market.broker.submit(make.buy(10, stop_loss="95", take_profit="110", client_id="b21"))
    market.to_next_day()
    market.to_close()
    legs = order_of(market.broker, "b21").legs
    assert {leg.role: leg.state for leg in legs} == {
        filled: OrderState.FILLED,
        STOP if filled is TARGET else TARGET: OrderState.CANCELLED,
    }
    closing = fills(market.broker)[-1]
    assert (closing.price, closing.quantity) == (Decimal(price), Decimal(10))
    assert closing.parent_client_order_id == "b21"
    assert market.broker.positions() == ()


@needs("brackets", "replace")
def test_b22_a_raised_stop_stays_a_leg(venue: VenueOf) -> None:
    market = venue(QUIET, "100 101 96 97")
    market.to_open()
    market.broker.submit(make.buy(10, stop_loss="95", take_profit="110", client_id="b22"))
    stop = leg_of(order_of(market.broker, "b22"), STOP)
    raised = market.broker.replace(stop.broker_order_id, make.sell(10, stop="97", client_id="b22-up"))
    assert raised.parent_id == order_of(market.broker, "b22").broker_order_id
    assert {order.role for order in market.broker.open_orders()} == {STOP, TARGET}
    market.to_next_day()
    market.to_close()
    assert order_of(market.broker, "b22-up").state is OrderState.FILLED
    assert market.broker.open_orders() == ()
    assert fills(market.broker)[-1].parent_client_order_id == "b22"


@needs("brackets")
def test_b23_cancelling_one_leg_cancels_the_other(venue: VenueOf) -> None:
    market = venue(QUIET)
    market.to_open()
    market.broker.submit(make.buy(10, stop_loss="95", take_profit="110", client_id="b23"))
    market.broker.cancel(leg_of(order_of(market.broker, "b23"), STOP).broker_order_id)
    assert market.broker.open_orders() == ()
    market.broker.submit(make.sell(10, client_id="b23-out"))
    assert order_of(market.broker, "b23-out").state is OrderState.FILLED


# --- fractions and a stop alone --------------------------------------------------------------------


@needs("fractions")
def test_b27_a_part_of_a_share_is_bought_and_sold(venue: VenueOf) -> None:
    market = venue(QUIET)
    market.to_open()
    assert market.broker.assets(["ACME"])["ACME"].fractionable
    market.buy("10.25", tif=TimeInForce.DAY, client_id="b27")
    assert order_of(market.broker, "b27").filled_quantity == Decimal("10.25")
    assert market.broker.account().cash == 98_975
    market.broker.submit(make.sell("0.25", tif=TimeInForce.DAY))
    (position,) = market.broker.positions()
    assert position.quantity == 10
    assert [fill.quantity for fill in fills(market.broker)] == list(decimals("10.25", "0.25"))


@needs("fractions")
def test_b28_a_part_of_a_share_takes_no_order_that_outlives_the_day(venue: VenueOf) -> None:
    market = venue(QUIET)
    market.to_open()
    market.broker.submit(make.buy("10.5", tif=TimeInForce.DAY))
    for request in (make.sell("10.5", stop="95"), make.buy("0.5", tif=TimeInForce.DAY, stop_loss="95")):
        with pytest.raises(OrderRefused):
            market.broker.submit(request)
    market.broker.submit(make.sell(10, stop="95", client_id="b28"))
    assert order_of(market.broker, "b28").state is OrderState.ACCEPTED


@needs("oto")
def test_b29_an_entry_may_bring_a_stop_and_no_target(venue: VenueOf) -> None:
    market = venue(QUIET, "100 130 99 120", "120 121 94 95")
    market.to_open()
    market.broker.submit(make.buy(10, stop_loss="95", client_id="b29"))
    (stop,) = market.broker.open_orders()
    assert (stop.role, stop.type, stop.stop_price, stop.held) == (STOP, OrderType.STOP, Decimal(95), False)
    market.to_next_day()
    market.to_close()
    market.to_next_day()
    market.to_close()
    assert leg_of(order_of(market.broker, "b29"), STOP).state is OrderState.FILLED
    assert market.broker.positions() == ()
