"""Moving a stop where no order can be replaced: the old one ends, then the new one is placed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.lacking import lacking
from tests.fakes.orders import Requests
from tests.jobs.brokers import Around, Crash, Watched
from tests.jobs.conftest import CopyHouse, MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.core.model.orders import BrokerOrder, OrderRequest, TimeInForce
from tradebot.errors import ExitCode, OrderRefused, OutcomeUnknown
from tradebot.ports import Broker

SECOND = date(2007, 1, 4)
TRAILING = 'stop=Decimal("0.10"), trail_trigger=Decimal("0.02"), trail_offset=Decimal("0.10")'


def trailing(make_house: MakeHouse, *more: str) -> House:
    """A home that has bought 45 ACME at 100, with a stop at 90 that trails the best price by 10 %."""
    days = more or ("100 120 100 120", "120 120.5 119 120.5")
    house = make_house(
        Script(enter={"ACME": [SECOND]}, policy=TRAILING),
        prices={"ACME": [FLAT, *days, *[FLAT] * 3], "BOLT": [FLAT] * 6},
    )
    house.every = lacking
    house.daily()
    assert house.stops() == [(Decimal(45), Decimal("90"))]
    return house


def prices(house: House) -> list[Decimal | None]:
    return [price for _, price in house.stops()]


def test_a_stop_is_raised_by_cancelling_the_old_one_first(make_house: MakeHouse) -> None:
    house = trailing(make_house)
    outcome = house.check_exits()
    assert house.stops() == [(Decimal(45), Decimal("108"))]
    assert "stop raised from 90" in outcome.exits[0].verdict
    assert outcome.unprotected == 0


def test_a_raise_of_less_than_one_percent_is_not_worth_a_gap(make_house: MakeHouse) -> None:
    house = trailing(make_house, "100 120 100 120", "120 121 119 121", "121 123 121 123")
    house.check_exits()
    house.next()
    house.check_exits()
    assert prices(house) == [Decimal(108)], "108.90 would be 0.8 % more"
    house.next()
    house.check_exits()
    assert prices(house) == [Decimal("110.70")]


class RefusesStopsAbove(Around):
    """A stop above 100 is taken and refused."""

    def submit(self, request: OrderRequest) -> BrokerOrder:
        if request.stop_price is not None and request.stop_price > 100:
            self._pass("submit", request)
            raise OrderRefused("no", "this stop is refused")
        return super().submit(request)


def test_the_old_stop_comes_back_where_the_new_one_is_refused_and_once_a_session_is_enough(
    make_house: MakeHouse,
) -> None:
    house = trailing(make_house)
    outcome = house.check_exits("15:45", wrap=RefusesStopsAbove)
    assert house.stops() == [(Decimal(45), Decimal("90"))]
    assert outcome.exit_code is ExitCode.BROKER
    asked = list[object]()
    house.check_exits("15:50", wrap=lambda broker: Watched(broker, lambda _, call, what: asked.append(call)))
    assert "cancel" not in asked
    house.next()
    house.check_exits()
    assert prices(house) == [Decimal("108.45")]


def test_a_cancel_whose_answer_is_lost_is_looked_at_and_the_raise_goes_on(make_house: MakeHouse) -> None:
    house = trailing(make_house)

    class LosesCancels(Around):
        def cancel(self, broker_order_id: str) -> None:
            super().cancel(broker_order_id)
            raise OutcomeUnknown("timed out")

    house.check_exits(wrap=LosesCancels)
    assert prices(house) == [Decimal(108)]


def test_a_stop_that_does_not_end_is_left_alone(make_house: MakeHouse) -> None:
    house = trailing(make_house)

    class Deaf(Around):
        def cancel(self, broker_order_id: str) -> None:
            raise OutcomeUnknown("timed out")

    outcome = house.check_exits(wrap=Deaf)
    assert prices(house) == [Decimal(90)]
    assert "not seen to end" in outcome.failures[0].message


@pytest.mark.parametrize("call", ["activities", "submit"])
@pytest.mark.parametrize("job", [House.check_exits, House.reconcile])
def test_a_raise_that_was_killed_leaves_a_stop_after_the_next_job(
    copy_house: CopyHouse, call: str, job: Callable[[House], object]
) -> None:
    house = copy_house(trailing)
    house.every = lacking
    state = {"cancelled": False}

    def look(_: Broker, name: str, asked: object) -> None:
        if name == call and state["cancelled"]:
            raise Crash
        state["cancelled"] |= name == "cancel"

    with pytest.raises(Crash):
        house.check_exits(wrap=lambda broker: Watched(broker, look))
    assert house.stops() == []
    job(house)
    assert [quantity for quantity, _ in house.stops()] == [Decimal(45)]


class TakesTime(Around):
    """A new stop is taken and unconfirmed for some reads; those that rest say so."""

    reads = 3

    def _shown(self, order: BrokerOrder) -> BrokerOrder:
        if order.stop_price is None or TakesTime.reads <= 0:
            return order
        TakesTime.reads -= 1
        return replace(order, rests=False)

    def submit(self, request: OrderRequest) -> BrokerOrder:
        return self._shown(super().submit(request))

    def order(self, client_order_id: str) -> BrokerOrder | None:
        found = super().order(client_order_id)
        return found and self._shown(found)


def test_a_stop_that_was_taken_is_read_until_it_rests(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    house.every = lambda broker: TakesTime(lacking(broker))
    TakesTime.reads = 3
    outcome = house.daily()
    assert TakesTime.reads == 0
    assert (outcome.unprotected, outcome.exit_code, len(house.stops())) == (Decimal(0), ExitCode.OK, 1)


def test_a_holding_whose_stop_sells_it_while_it_is_moved_is_gone(make_house: MakeHouse) -> None:
    house = trailing(make_house)

    class Sells(Around):
        def cancel(self, broker_order_id: str) -> None:
            with house.by_hand() as broker:  # as if the stop had filled a moment before
                (stop,) = broker.open_orders()
                broker.cancel(stop.broker_order_id)
                broker.submit(Requests("ACME").sell(45, tif=TimeInForce.DAY, client_id="by hand"))
            raise OrderRefused("over", "it has ended")

    house.check_exits(wrap=Sells)
    assert (house.holding(), house.positions(), house.open_orders()) == (None, {}, ())
