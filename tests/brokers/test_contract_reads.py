"""The contract of ports.Broker for what is read, case by case, for every adapter. docs/brokers.md lists the cases."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from tests.brokers.conftest import VenueOf
from tests.brokers.contract import QUIET, fills, identifier, needs, order_of
from tests.fakes.orders import Requests
from tradebot.core.model.orders import Purpose

STOP, TARGET = Purpose.STOP, Purpose.TARGET
make = Requests()


# --- reading ---------------------------------------------------------------------------------------


def test_b01_name_and_mode_are_stable_words(venue: VenueOf) -> None:
    broker = venue(QUIET).broker
    assert broker.name == broker.name.lower() != ""
    assert broker.mode in ("paper", "live")


def test_b02_the_clock_is_aware_utc_and_knows_the_session(venue: VenueOf) -> None:
    market = venue(QUIET, QUIET)
    before = market.broker.clock()
    assert before.now.utcoffset() == timedelta(0)
    assert not before.is_open
    assert before.today is not None and before.previous is not None and before.upcoming is not None
    assert before.previous.session < before.today.session < before.upcoming.session
    assert before.today.opens.utcoffset() == timedelta(0)
    market.to_open()
    assert market.broker.clock().is_open
    market.to_close()
    assert not market.broker.clock().is_open


def test_b03_a_flat_account_is_empty_and_has_all_its_cash(venue: VenueOf) -> None:
    broker = venue(QUIET).broker
    assert broker.positions() == ()
    assert broker.open_orders() == ()
    assert fills(broker) == []
    account = broker.account()
    assert account.account_id
    assert account.cash == account.equity == account.last_equity == account.buying_power == 100_000
    assert account.currency == "USD" and not account.blocked


def test_b04_an_unknown_order_is_none_and_an_unknown_symbol_absent(venue: VenueOf) -> None:
    broker = venue(QUIET).broker
    assert broker.order("never-sent") is None
    assert broker.assets(["ACME", "NONE"]).keys() == {"ACME"}
    assert broker.assets(["ACME"])["ACME"].tradable


def test_b34_every_order_is_told_by_its_id_whatever_became_of_it(venue: VenueOf) -> None:
    market = venue(QUIET)
    market.to_open()
    broker = market.broker
    assert broker.client_order_ids() == frozenset()
    market.buy(1, client_id="filled")
    broker.cancel(broker.submit(make.buy(1, limit="90", client_id="cancelled")).broker_order_id)
    broker.submit(make.buy(1, limit="91", client_id="live"))
    assert broker.client_order_ids() == {"filled", "cancelled", "live"}


@needs("brackets")
def test_b35_the_legs_of_an_entry_are_told_by_ids_of_the_broker_s(venue: VenueOf) -> None:
    market = venue(QUIET)
    market.to_open()
    market.broker.submit(make.buy(2, client_id="bracket", stop_loss="90", take_profit="120"))
    told = market.broker.client_order_ids()
    assert "bracket" in told
    assert len(told) == 3


# --- activities ------------------------------------------------------------------------------------


def test_b24_activities_come_once_each_in_order_after_a_cursor(venue: VenueOf) -> None:
    market = venue(QUIET)
    market.to_open()
    start = [identifier(activity) for activity in market.broker.activities(None)]
    for _ in range(3):
        market.buy(1)
    everything = [identifier(activity) for activity in market.broker.activities(None)]
    assert everything[: len(start)] == start
    assert len(set(everything)) == len(everything) == len(start) + 3
    for position, cursor in enumerate(everything):
        rest = [identifier(activity) for activity in market.broker.activities(cursor)]
        assert rest == everything[position + 1 :]


def test_b25_fills_explain_the_position_and_the_cash(venue: VenueOf) -> None:
    market = venue("100 105 95 104", "104 106 100 101")
    market.to_open()
    market.buy(10)
    market.broker.submit(make.buy(5, limit="96"))
    market.to_next_day()
    market.to_open()
    market.broker.submit(make.sell(7))
    done = fills(market.broker)
    (position,) = market.broker.positions()
    assert position.quantity == sum(fill.side.sign * fill.quantity for fill in done)
    spent = sum(fill.side.sign * fill.quantity * fill.price + fill.fee for fill in done)
    assert market.broker.account().cash == 100_000 - spent


# --- look-ups --------------------------------------------------------------------------------------


def test_b26_many_orders_are_looked_up_at_once(venue: VenueOf) -> None:
    market = venue(QUIET)
    market.to_open()
    market.buy(10, client_id="b26-filled")
    market.broker.submit(make.buy(1, limit="90", client_id="b26-limit"))
    market.broker.submit(make.sell(10, stop="95", client_id="b26-stop"))
    found = market.broker.orders(["b26-filled", "b26-none", "b26-limit", "b26-stop"])
    assert found == {each: order_of(market.broker, each) for each in ("b26-filled", "b26-limit", "b26-stop")}
    assert market.broker.orders([]) == {}


@needs("brackets")
def test_b36_an_entry_is_looked_up_with_its_legs(venue: VenueOf) -> None:
    market = venue(QUIET)
    market.to_open()
    market.broker.submit(make.buy(10, stop_loss="95", take_profit="110", client_id="b36-bracket"))
    market.broker.submit(make.buy(1, limit="90", client_id="b36-limit"))
    found = market.broker.orders(["b36-bracket", "b36-none", "b36-limit"])
    assert found == {each: order_of(market.broker, each) for each in ("b36-bracket", "b36-limit")}
    assert {leg.role for leg in found["b36-bracket"].legs} == {STOP, TARGET}


# --- the account's books ---------------------------------------------------------------------------


def test_b30_what_the_account_may_do_is_told(venue: VenueOf) -> None:
    found = venue(QUIET).broker.permissions()
    assert found.trading


def test_b31_the_books_tell_each_day_s_equity_and_deposits(venue: VenueOf) -> None:
    market = venue("100 106 99 105", "90 91 89 90", QUIET)
    first = market.broker.clock().today
    market.to_open()
    market.buy(10)
    market.to_next_day()
    second = market.broker.clock().today
    assert first is not None and second is not None
    closed = next(day for day in market.broker.days(first.session, second.session) if day.session == first.session)
    assert (closed.equity, closed.paid_in) == (Decimal(100_050), Decimal(0))
    assert closed.equity == market.broker.account().last_equity
    assert market.broker.days(first.session, first.session) == (closed,)


def test_b32_nothing_is_late_where_everything_is_known(venue: VenueOf) -> None:
    market = venue(QUIET)
    market.to_open()
    for _ in range(3):
        market.buy(1)
    known = [identifier(activity) for activity in market.broker.activities(None)]
    assert market.broker.activities(known[-1]) == ()
    assert market.broker.late_activities(known[-1], known.__contains__) == ()


def test_b33_a_position_tells_the_close_of_the_session_before(venue: VenueOf) -> None:
    market = venue("100 105 95 104", "106 108 100 101")
    market.to_open()
    market.buy(10)
    market.to_next_day()
    market.to_open()
    (position,) = market.broker.positions()
    assert position.market_price == 106
    assert position.previous_close == 104
