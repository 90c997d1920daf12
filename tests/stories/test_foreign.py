"""Foreign positions and orders: recognised, counted, and left to whoever made them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.orders import Requests
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.core.model.orders import OrderRequest, OrderState
from tradebot.core.model.plan import DenialCode
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode
from tradebot.jobs import status

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)


def by_hand(house: House, request: OrderRequest) -> str:
    """Send an order as a person does, and give the broker's id of it."""
    with house.by_hand() as broker:
        return broker.submit(request).broker_order_id


def codes(outcome: Outcome) -> list[tuple[str, str]]:
    return [(denial.symbol, denial.code.value) for denial in outcome.denials]


@pytest.fixture
def bought_by_hand(make_house: MakeHouse) -> House:
    """A home whose strategy is about to enter ACME and BOLT, where a person has bought 100 ACME for 10,000 USD."""
    house = make_house(Script(enter={"ACME": [SECOND], "BOLT": [SECOND]}, leave={"ACME": [THIRD]}))
    with house.exchange() as exchange:
        exchange.advance_to(exchange.hours().opens)
    house.reconcile(at="09:30")
    by_hand(house, Requests("ACME").buy(100, client_id="mine"))
    return house


def test_a_foreign_position_is_explained_as_foreign_and_owns_its_symbol(bought_by_hand: House) -> None:
    house = bought_by_hand
    outcome = house.daily()
    assert "foreign: buy 100 ACME @ 100 was not sent by us" in outcome.notes
    assert outcome.breaks == ()
    assert outcome.exit_code is ExitCode.OK
    assert codes(outcome)[0] == ("ACME", "SYMBOL_OWNED")
    assert [line.symbol for line in outcome.orders] == ["BOLT"]
    lots = house.rows("SELECT strategy, symbol FROM lots ORDER BY symbol")
    assert [(lot["strategy"], lot["symbol"]) for lot in lots] == [("foreign", "ACME"), ("scripted", "BOLT")]
    assert house.holding("ACME") is None


def test_a_foreign_position_gets_no_stop_and_is_not_left(bought_by_hand: House) -> None:
    house = bought_by_hand
    house.daily()
    assert house.stops("ACME") == []
    house.next()
    outcome = house.daily()  # its strategy says leave, and holds nothing
    assert house.positions()["ACME"].quantity == 100
    assert outcome.unprotected == Decimal(0)
    assert outcome.exit_code is ExitCode.OK


@pytest.mark.parametrize(
    ("limit", "value", "code"),
    [
        ("MAX_POSITIONS", "1", "MAX_POSITIONS"),
        ("MAX_GROSS_EXPOSURE_PCT", "10%", "MAX_GROSS_EXPOSURE"),
        ("MAX_PORTFOLIO_RISK_PCT", "0.2%", "MAX_PORTFOLIO_RISK"),  # 2% of 10,000 USD, by the default stop
    ],
)
def test_a_foreign_position_counts_against_the_limits(bought_by_hand: House, limit: str, value: str, code: str) -> None:
    bought_by_hand.set(**{limit: value})
    outcome = bought_by_hand.daily()
    assert ("BOLT", code) in codes(outcome)
    assert set(bought_by_hand.positions()) == {"ACME"}


def test_a_foreign_position_is_told_as_foreign(bought_by_hand: House) -> None:
    bought_by_hand.daily()
    with bought_by_hand.desk() as desk:
        lines = {line.symbol: line for line in status.run(desk, "").positions}
    assert (lines["ACME"].strategy, lines["ACME"].stop, lines["ACME"].protected) == ("foreign", None, None)
    assert (lines["BOLT"].strategy, lines["BOLT"].protected) == ("scripted", True)


def test_of_a_shared_position_our_shares_and_the_foreign_rest_are_told_apart(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}), prices={"ACME": [FLAT, FLAT, "110 111 109 110", FLAT]})
    house.daily()
    house.next()
    with house.exchange() as exchange:
        exchange.advance_to(exchange.hours().opens)
    by_hand(house, Requests("ACME").buy(7, client_id="mine"))
    house.check_exits()
    with house.desk() as desk:
        told = status.run(desk, "")
    ours, rest = told.positions
    assert (ours.strategy, ours.quantity, ours.stop, ours.protected) == ("scripted", Decimal(50), Decimal(90), True)
    assert (rest.strategy, rest.quantity, rest.stop, rest.protected) == ("foreign", Decimal(7), None, None)
    assert (ours.entry_price, ours.pnl, ours.market_value) == (Decimal(100), Decimal(500), Decimal(5500))
    assert (rest.entry_price, rest.pnl, rest.market_value) == (Decimal(110), Decimal(0), Decimal(770))
    assert told.headline.startswith("1 position, ")


def test_a_foreign_order_is_no_break_and_locks_its_symbol_until_it_is_gone(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND, THIRD]}))
    order = by_hand(house, Requests("ACME").buy(10, limit="50", client_id="mine"))
    outcome = house.daily()
    assert (outcome.exit_code, outcome.breaks) == (ExitCode.OK, ())
    locked = next(denial for denial in outcome.denials if denial.code is DenialCode.SYMBOL_LOCKED)
    assert "buy 10 ACME limit 50 (mine)" in locked.message
    assert {("ACME", "SYMBOL_LOCKED"), ("ACME", "SYMBOL_OWNED"), ("ACME", "ORDER_PENDING")} == set(codes(outcome))

    with house.by_hand() as broker:
        broker.cancel(order)
    house.next()
    assert house.daily().exit_code is ExitCode.OK
    assert set(house.positions()) == {"ACME"}


def test_a_foreign_order_counts_in_exposure(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"BOLT": [SECOND]}), settings={"MAX_GROSS_EXPOSURE_PCT": "50%"})
    by_hand(house, Requests("ACME").buy(1000, limit="50", client_id="mine"))
    outcome = house.daily()
    assert ("BOLT", "MAX_GROSS_EXPOSURE") in codes(outcome)
    assert house.positions() == {}


def test_a_sale_by_hand_ends_the_round_trip_of_whoever_held_the_shares(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    house.daily()
    with house.by_hand() as broker:
        (stop,) = broker.open_orders()
        broker.cancel(stop.broker_order_id)
    by_hand(house, Requests("ACME").sell(50, client_id="mine"))
    outcome = house.check_exits()
    assert outcome.exit_code is ExitCode.OK
    assert house.holding() is None
    (trade,) = house.rows("SELECT strategy, quantity, exit_reason FROM trades")
    assert trade == {"strategy": "scripted", "quantity": "50", "exit_reason": "closed outside tradebot"}


def test_shares_that_a_foreign_order_is_selling_are_left_to_it(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}, leave={"ACME": [THIRD]}))
    house.daily()
    with house.by_hand() as broker:
        (stop,) = broker.open_orders()
        broker.cancel(stop.broker_order_id)
    by_hand(house, Requests("ACME").sell(50, limit="150", client_id="mine"))
    house.next()
    outcome = house.daily()
    assert ("ACME", "NOTHING_TO_SELL") in codes(outcome)
    mine = house.order("mine")
    assert mine is not None
    assert mine.state is OrderState.ACCEPTED
    assert house.positions()["ACME"].quantity == 50
    assert ExitCode.DEGRADED in outcome.codes  # no stop of ours


def test_shares_bought_by_hand_beside_ours_stay_apart(make_house: MakeHouse) -> None:
    house = make_house(
        Script(enter={"ACME": [SECOND]}, leave={"ACME": [THIRD]}), prices={"ACME": [FLAT] * 5, "BOLT": [FLAT] * 5}
    )
    house.daily()
    by_hand(house, Requests("ACME").buy(7, client_id="mine"))
    assert house.check_exits().breaks == ()
    held = house.holding()
    assert held is not None
    assert held.quantity == 50
    assert house.stops() == [(Decimal(50), Decimal(90))]
    house.next()
    house.daily()
    assert house.positions()["ACME"].quantity == 7
    lots = house.rows("SELECT strategy, quantity FROM lots")
    assert lots == [{"strategy": "foreign", "quantity": "7"}]
