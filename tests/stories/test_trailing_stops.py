"""Trailing stops: raised by replacement, counting from then on, never lowered, and never for a moment away."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.jobs.brokers import LosesAnswers, Unreachable, Watched
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tradebot.core.model.orders import OrderState, Purpose
from tradebot.core.model.schedule import Job
from tradebot.errors import ExitCode
from tradebot.ports import Broker

SECOND = date(2007, 1, 4)
#: Bought at 100 with a stop at 90; from 105 on the stop trails 2 % below the best price seen.
TRAILS = 'stop=Decimal("0.10"), trail_trigger=Decimal("0.05"), trail_offset=Decimal("0.02")'
BEFORE, RISES = "100 101 99 100", "100 110 99 110"
RAISED = [(Decimal(50), Decimal("107.8"))]
UNRAISED = [(Decimal(50), Decimal("90.00"))]


def trailing(make_house: MakeHouse, *bars: str, policy: str = TRAILS) -> House:
    """A home that has bought on the first of ``bars``, seen the whole of it, and may have raised its stop."""
    house = make_house(Script(enter={"ACME": [SECOND]}, policy=policy), prices={"ACME": [BEFORE, *bars]})
    house.daily()
    return house


def test_a_stop_is_raised_to_its_distance_from_the_best_price(make_house: MakeHouse) -> None:
    house = trailing(make_house, RISES)
    outcome = house.check_exits()
    assert house.stops() == RAISED
    (line,) = outcome.exits
    assert (line.verdict, line.stop, line.last) == ("stop raised from 90 to 107.80", Decimal("107.80"), Decimal(110))
    held = house.holding()
    assert held is not None
    assert (held.stop_price, held.high_water) == (Decimal("107.80"), Decimal(110))
    entry_leg = house.rows("SELECT state FROM broker_orders WHERE role = 'stop' ORDER BY broker_order_id")
    assert len(entry_leg) == 2  # the bracket's own leg, and the one in its place


def test_below_the_trigger_nothing_is_raised(make_house: MakeHouse) -> None:
    house = trailing(make_house, "100 104.99 99 104.99")
    assert [line.verdict for line in house.check_exits().exits] == ["holds"]
    assert house.stops() == UNRAISED


def test_a_raise_after_the_days_low_counts_from_the_next_session(make_house: MakeHouse) -> None:
    house = trailing(make_house, RISES, "109 109 107 108")
    house.check_exits()  # the low of 99 that this bar has had is not held against the new stop
    assert set(house.positions()) == {"ACME"}
    house.next()
    house.check_exits()
    assert house.positions() == {}
    (trade,) = house.rows("SELECT exit_price, exit_session, exit_reason, pnl FROM trades")
    assert trade == {"exit_price": "107.8", "exit_session": "2007-01-05", "exit_reason": "stop", "pnl": "390"}


def test_a_raise_in_the_morning_counts_for_the_rest_of_the_day(make_house: MakeHouse) -> None:
    house = trailing(make_house, BEFORE, "120 120 116 119")
    house.next()
    house.daily()
    assert house.stops() == [(Decimal(50), Decimal("117.6"))]
    house.check_exits()
    (trade,) = house.rows("SELECT exit_price FROM trades")
    assert trade == {"exit_price": "117.6"}


def test_a_stop_is_never_lowered(make_house: MakeHouse) -> None:
    house = trailing(make_house, RISES, "109 109 108 108.5", "109 111 108.6 111", "109.5 110 109 109")
    house.check_exits()
    found = [house.stops()]
    for _ in range(3):
        house.next()
        house.daily()
        house.check_exits()
        found.append(house.stops())
    assert [stop for ((_, stop),) in found] == [Decimal(n) for n in ("107.80", "107.80", "108.78", "108.78")]


@pytest.mark.parametrize("policy", [TRAILS, TRAILS + ', target=Decimal("0.50")'], ids=["alone", "with a target"])
def test_at_every_call_to_the_broker_a_live_stop_covers_the_position(make_house: MakeHouse, policy: str) -> None:
    house = make_house(
        Script(enter={"ACME": [SECOND]}, policy=policy),
        prices={"ACME": [BEFORE, RISES, "109 115 108 115", "115 122 114 121", "121 121 119.5 120"]},
    )
    looks, uncovered = 0, []

    def look(broker: Broker, call: str, asked: object) -> None:
        nonlocal looks
        looks += 1
        held = sum(position.quantity for position in broker.positions())
        covered = sum(order.remaining for order in broker.open_orders() if order.stop_price is not None)
        if covered != held:
            uncovered.append(call)

    stops = []
    for number in range(4):
        for job in (Job.RUN_DAILY, Job.CHECK_EXITS):
            house.run(job, wrap=lambda broker: Watched(broker, look))
        stops.append(house.stops())
        if number < 3:
            house.next()
    assert [stop for ((_, stop),) in stops] == [Decimal(n) for n in ("107.80", "112.70", "118.58", "118.58")]
    assert looks > 50
    assert uncovered == []


def test_a_raised_stop_still_ends_with_its_target(make_house: MakeHouse) -> None:
    house = trailing(make_house, RISES, "110 130 109 125", policy=TRAILS + ', target=Decimal("0.20")')
    house.check_exits()
    assert house.stops() == RAISED
    house.next()
    outcome = house.check_exits()
    assert house.positions() == {}
    assert house.open_orders() == ()
    (trade,) = house.rows("SELECT exit_price, exit_reason FROM trades")
    assert trade == {"exit_price": "120", "exit_reason": "target"}
    assert outcome.exit_code is ExitCode.OK


def test_a_raise_that_did_not_arrive_keeps_the_old_stop_and_is_made_good(make_house: MakeHouse) -> None:
    house = trailing(make_house, RISES)
    outcome = house.check_exits(wrap=lambda broker: Unreachable(broker, "replace"))
    assert outcome.exit_code is ExitCode.BROKER
    assert house.stops() == UNRAISED
    assert outcome.unprotected == Decimal(0)

    assert house.check_exits().exit_code is ExitCode.OK
    assert house.stops() == RAISED


def test_a_raise_whose_answer_is_lost_leaves_one_stop(make_house: MakeHouse) -> None:
    house = trailing(make_house, RISES)
    house.check_exits(wrap=LosesAnswers)
    assert house.stops() == RAISED
    outcome = house.check_exits()
    assert outcome.exit_code is ExitCode.OK
    assert house.stops() == RAISED
    assert outcome.orders == (), "the stop that rests is the one that is wanted: nothing is left to send"
    held = house.holding()
    assert held is not None
    assert held.stop_price == Decimal("107.80")


def test_a_price_through_a_stop_that_could_not_be_raised_is_sold_at(make_house: MakeHouse) -> None:
    house = trailing(make_house, RISES, "105 106 104 106")
    house.check_exits(wrap=lambda broker: Unreachable(broker, "replace"))
    house.next()
    outcome = house.daily()
    assert house.positions() == {}
    (exit_line,) = [line for line in outcome.orders if line.purpose is Purpose.EXIT]
    assert exit_line.reason == "trailing stop: 105 is through 107.8 before the stop was raised"
    assert (exit_line.state, exit_line.price) == (OrderState.FILLED, Decimal(105))
