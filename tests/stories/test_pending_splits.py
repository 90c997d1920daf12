"""A split between decision and order, or between order and fill: what was decided before it is never sent as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.jobs.brokers import Around, Crash, Dies, LosesAnswers
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState, OrderType, Purpose
from tradebot.errors import ExitCode, OutcomeUnknown
from tradebot.ledger.database import open_database
from tradebot.ledger.verify import verify_ledger

D = Decimal
SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)
BEFORE, AFTER = "100 101 99 100", "50 50.5 49.5 50"
SPLIT = "2007-01-05,split,2"


def splitting(make_house: MakeHouse, script: Script, *after: str) -> House:
    """ACME and BOLT at 100, and from the third session on at half of that for twice the shares."""
    bars = [BEFORE, BEFORE, *(after or (AFTER,) * 3)]
    return make_house(script, prices={"ACME": bars, "BOLT": bars}, actions=[f"ACME,{SPLIT}", f"BOLT,{SPLIT}"])


def assert_sound(house: House) -> None:
    database = open_database(house.database, create=False)
    assert verify_ledger(database) == ()
    database.close()


class Rests(Around):
    """Sends entries as limit orders that wait for a price of 95, and no cancel of them arrives."""

    def submit(self, request: OrderRequest) -> BrokerOrder:
        return super().submit(replace(request, type=OrderType.LIMIT, limit_price=D(95)))

    def cancel(self, broker_order_id: str) -> None:
        raise OutcomeUnknown("timed out")


def test_a_plan_from_before_a_split_is_not_sent(make_house: MakeHouse) -> None:
    house = splitting(make_house, Script(enter={"ACME": [SECOND], "BOLT": [SECOND]}))
    with pytest.raises(Crash):
        house.daily(wrap=lambda broker: Dies(broker, "submit"))
    house.next()
    assert house.daily().orders == ()
    assert {intent.state for intent in house.intents()} == {OrderState.ABANDONED}
    assert (house.positions(), house.open_orders()) == ({}, ())


def test_a_decision_after_the_split_has_its_own_quantity_and_prices(make_house: MakeHouse) -> None:
    house = splitting(make_house, Script(enter={"ACME": [SECOND, THIRD]}))
    with pytest.raises(Crash):
        house.daily(wrap=lambda broker: Dies(broker, "submit"))
    house.next()
    house.daily()
    (before,), (after,) = house.intents(SECOND), house.intents(THIRD)
    assert (before.request.quantity, before.state) == (D(50), OrderState.ABANDONED)
    assert (after.request.quantity, after.planned_price, after.request.stop_loss) == (D(100), D(50), D(45))
    assert house.positions()["ACME"].quantity == 100


def test_an_entry_that_the_exchange_adjusts_is_ours_still(make_house: MakeHouse) -> None:
    policy = 'stop=Decimal("0.10"), target=Decimal("0.50")'
    house = splitting(make_house, Script(enter={"ACME": [SECOND]}, policy=policy), "47 48 46 47")
    house.daily(wrap=Rests)
    house.next()
    entry = house.order(house.id(1, Purpose.ENTRY))
    assert entry is not None
    assert (entry.quantity, entry.limit_price, entry.state) == (D(100), D("47.5"), OrderState.ACCEPTED)
    outcome = house.daily()
    assert (outcome.exit_code, outcome.breaks, outcome.unprotected) == (ExitCode.OK, (), D(0))
    held = house.holding()
    assert held is not None
    assert (held.strategy, held.quantity, held.stop_price, held.target_price) == ("scripted", D(100), D(45), D(75))
    assert house.stops() == [(D(100), D(45))]
    (intent,) = house.intents()
    assert (intent.state, intent.filled_quantity) == (OrderState.FILLED, D(100))
    assert house.reconcile().breaks == ()
    assert_sound(house)


def test_an_entry_whose_answer_was_lost_before_the_split_is_found_as_it_is_now(make_house: MakeHouse) -> None:
    house = splitting(make_house, Script(enter={"ACME": [SECOND]}))
    house.daily(wrap=lambda broker: LosesAnswers(Rests(broker)))
    house.next()
    outcome = house.daily()
    assert outcome.breaks == ()
    (intent,) = house.intents()
    assert intent.state is OrderState.CANCELLED  # its time is up
    entry = house.order(house.id(1, Purpose.ENTRY))
    assert entry is not None
    assert (entry.quantity, entry.state) == (D(100), OrderState.CANCELLED)


def test_an_entry_that_a_reverse_split_leaves_no_share_of_is_over(make_house: MakeHouse) -> None:
    house = make_house(
        Script(enter={"ACME": [SECOND]}),
        prices={"ACME": [BEFORE, BEFORE, "10000 10100 9900 10000"]},
        actions=["ACME,2007-01-05,split,0.01"],
    )
    house.daily(wrap=Rests)
    house.next()
    outcome = house.daily()
    assert (outcome.exit_code, outcome.breaks) == (ExitCode.OK, ())
    (intent,) = house.intents()
    assert (intent.state, intent.note) == (OrderState.CANCELLED, "a split of 0.01 for 1 left it no whole share")
    assert house.open_orders() == ()


def test_a_stop_that_was_to_be_placed_before_the_split_is_placed_on_the_new_basis(make_house: MakeHouse) -> None:
    house = splitting(make_house, Script(enter={"ACME": [SECOND]}))
    house.daily()
    with house.by_hand() as broker:
        broker.cancel(broker.open_orders()[0].broker_order_id)
    with pytest.raises(Crash):
        house.check_exits(wrap=lambda broker: Dies(broker, "submit"))
    house.next()
    outcome = house.daily()
    assert house.stops() == [(D(100), D(45))]
    assert (outcome.unprotected, outcome.breaks) == (D(0), ())
    (stop,) = [intent for intent in house.intents() if intent.purpose is Purpose.STOP]
    assert stop.state is OrderState.ABANDONED
    assert_sound(house)


def test_a_stop_whose_answer_was_lost_before_the_split_follows_it_and_is_not_doubled(make_house: MakeHouse) -> None:
    house = splitting(make_house, Script(enter={"ACME": [SECOND]}))
    house.daily()
    with house.by_hand() as broker:
        broker.cancel(broker.open_orders()[0].broker_order_id)
    house.check_exits(wrap=LosesAnswers)
    house.next()
    outcome = house.daily()
    assert house.stops() == [(D(100), D(45))]
    assert (outcome.exit_code, outcome.breaks, outcome.orders) == (ExitCode.OK, (), ())


def test_a_sale_that_was_decided_before_the_split_is_not_made_after_it(make_house: MakeHouse) -> None:
    house = make_house(
        Script(enter={"ACME": [SECOND]}, leave={"ACME": [THIRD]}),
        prices={"ACME": [BEFORE, BEFORE, BEFORE, AFTER]},
        actions=["ACME,2007-01-08,split,2"],
    )
    house.daily()
    house.next()
    with pytest.raises(Crash):
        house.daily(wrap=lambda broker: Dies(broker, "submit"))
    house.next()
    outcome = house.daily()
    (sale,) = [intent for intent in house.intents(THIRD) if intent.purpose is Purpose.EXIT]
    assert (sale.request.quantity, sale.state) == (D(50), OrderState.ABANDONED)
    assert house.positions()["ACME"].quantity == 100
    assert house.stops() == [(D(100), D(45))]
    assert (outcome.exit_code, outcome.breaks, outcome.unprotected) == (ExitCode.OK, (), D(0))
