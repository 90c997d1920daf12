"""Every position of ours is protected: what is missing is re-armed, what is wrong is replaced, what is late is sold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.orders import Requests
from tests.fakes.prices import sessions
from tests.jobs.brokers import Around, LosesAnswers
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.brokers.paper import PaperBroker
from tradebot.core.model.account import Position
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState, Purpose
from tradebot.core.model.schedule import Job
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode
from tradebot.ports import Broker

SECOND = date(2007, 1, 4)
FIFTY_AT_90 = [(Decimal(50), Decimal("90.00"))]


def bought(make_house: MakeHouse, *bars: str, policy: str = 'stop=Decimal("0.10")', **more: object) -> House:
    """A home that has bought 50 ACME at 100 with a stop at 90."""
    prices = {"ACME": [FLAT, FLAT, *(bars or [FLAT] * 4)]}
    house = make_house(Script(enter={"ACME": [SECOND]}, policy=policy), prices=prices, **more)
    house.daily()
    assert house.stops() == FIFTY_AT_90
    return house


def delete_stop(house: House) -> None:
    with house.by_hand() as broker:
        broker.cancel(the_stop(broker).broker_order_id)


def the_stop(broker: PaperBroker) -> BrokerOrder:
    (stop,) = (order for order in broker.open_orders() if order.stop_price is not None)
    return stop


@pytest.mark.parametrize("job", [Job.RUN_DAILY, Job.CHECK_EXITS])
def test_a_stop_that_was_deleted_is_armed_again_by_the_next_job(make_house: MakeHouse, job: Job) -> None:
    house = bought(make_house)
    delete_stop(house)
    house.next()
    outcome = house.run(job)
    assert house.stops() == FIFTY_AT_90
    assert outcome.exit_code is ExitCode.OK
    assert outcome.unprotected == Decimal(0)
    assert outcome.breaks == ()
    (line,) = outcome.orders
    assert (line.client_order_id, line.state) == (house.id(2, Purpose.STOP), OrderState.ACCEPTED)
    told = [row["kind"] for row in house.rows("SELECT kind FROM audit WHERE subject = 'unprotected ACME'")]
    assert told == ["break_opened", "break_closed"]


def resting(outcome: Outcome) -> list[tuple[str, Decimal, Decimal]]:
    return [(line.purpose.value, line.quantity, line.price) for line in outcome.resting]


def test_the_outcome_tells_what_rests_after_the_job_not_before(make_house: MakeHouse) -> None:
    """A stop that was armed again, replaced, raised, and cancelled for an exit."""
    policy = 'stop=Decimal("0.10"), trail_trigger=Decimal("0.05"), trail_offset=Decimal("0.02")'
    bars = (FLAT, "110 112 109 111", "111 112 110 111", FLAT)
    script = Script(enter={"ACME": [SECOND]}, leave={"ACME": [sessions(5)[4]]}, policy=policy)
    house = make_house(script, prices={"ACME": [FLAT, FLAT, *bars]})
    assert resting(house.daily()) == [("stop", Decimal(50), Decimal(90))]
    with house.by_hand() as broker:
        broker.replace(the_stop(broker).broker_order_id, Requests("ACME").sell(20, stop="80", client_id="by hand"))
    assert resting(house.check_exits()) == [("stop", Decimal(50), Decimal(90))]
    delete_stop(house)
    house.next()
    assert resting(house.daily()) == [("stop", Decimal(50), Decimal(90))]
    house.next()
    raised = house.daily()
    assert resting(raised) == [("stop", *each) for each in house.stops()]
    assert raised.resting[0].price > 100
    house.next()
    sold = house.daily()
    assert Purpose.EXIT in [line.purpose for line in sold.orders]
    assert (resting(sold), house.stops()) == ([], [])


def test_reconcile_tells_of_a_missing_stop_and_sends_nothing(make_house: MakeHouse) -> None:
    house = bought(make_house)
    delete_stop(house)
    outcome = house.reconcile()
    assert outcome.exit_code is ExitCode.BREAKS
    assert [found.kind for found in outcome.breaks] == ["unprotected"]
    assert outcome.unprotected == Decimal(5000)
    assert house.stops() == []


def test_a_stop_deleted_twice_a_day_is_armed_twice(make_house: MakeHouse) -> None:
    house = bought(make_house)
    for attempt in (1, 2):
        delete_stop(house)
        house.check_exits()
        assert house.stops() == FIFTY_AT_90
        armed = house.order(house.id(1, Purpose.STOP, attempt=attempt))
        assert armed is not None


def test_a_stop_for_too_few_shares_is_replaced(make_house: MakeHouse) -> None:
    house = bought(make_house)
    with house.by_hand() as broker:
        broker.replace(the_stop(broker).broker_order_id, Requests("ACME").sell(20, stop="90", client_id="by hand"))
    outcome = house.check_exits()
    assert house.stops() == FIFTY_AT_90
    assert outcome.exit_code is ExitCode.OK


def test_a_stop_at_a_worse_price_is_replaced_and_a_better_one_kept(make_house: MakeHouse) -> None:
    house = bought(make_house)
    for price, rests_at in (("80", "90"), ("95", "95")):
        with house.by_hand() as broker:
            by_hand = Requests("ACME").sell(50, stop=price, client_id=f"by hand at {price}")
            broker.replace(the_stop(broker).broker_order_id, by_hand)
        assert house.check_exits().exit_code is ExitCode.OK
        assert house.stops() == [(Decimal(50), Decimal(rests_at))]


class ShowsFewer(Around):
    """Shows 30 shares where there are 50."""

    def positions(self) -> tuple[Position, ...]:
        return tuple(replace(position, quantity=Decimal(30)) for position in super().positions())


def test_a_stop_follows_the_shares_that_the_broker_shows(make_house: MakeHouse) -> None:
    house = bought(make_house)
    fewer = house.check_exits(wrap=ShowsFewer)
    assert house.stops() == [(Decimal(30), Decimal("90.00"))]
    assert [found.kind for found in fewer.breaks] == ["quantity"]
    assert fewer.exit_code is ExitCode.BREAKS

    assert house.check_exits().exit_code is ExitCode.OK
    assert house.stops() == FIFTY_AT_90


def test_what_is_left_at_the_broker_is_protected_even_if_the_ledger_expects_more(make_house: MakeHouse) -> None:
    house = bought(make_house)
    delete_stop(house)
    outcome = house.check_exits(wrap=ShowsFewer)
    assert house.stops() == [(Decimal(30), Decimal("90.00"))]
    assert outcome.gaps == ()


def test_shares_sold_by_hand_need_no_stop_any_more(make_house: MakeHouse) -> None:
    house = bought(make_house)
    with house.by_hand() as broker:
        broker.replace(the_stop(broker).broker_order_id, Requests("ACME").sell(30, stop="90", client_id="fewer"))
        broker.submit(Requests("ACME").sell(20, client_id="sold by hand"))
    outcome = house.check_exits()
    assert outcome.exit_code is ExitCode.OK
    assert house.stops() == [(Decimal(30), Decimal(90))]
    held = house.holding()
    assert held is not None
    assert held.quantity == 30
    (trade,) = house.rows("SELECT strategy, quantity, exit_reason FROM trades")
    assert trade == {"strategy": "scripted", "quantity": "20", "exit_reason": "closed outside tradebot"}


def test_a_price_beyond_a_missing_stop_is_sold_at_once(make_house: MakeHouse) -> None:
    house = bought(make_house, "85 86 84 86")
    delete_stop(house)
    house.next()
    outcome = house.daily()
    assert house.positions() == {}
    assert house.stops() == []
    (line,) = outcome.orders
    assert (line.purpose, line.state, line.price) == (Purpose.EXIT, OrderState.FILLED, Decimal(85))
    assert "beyond the stop 90" in line.reason
    assert outcome.unprotected == Decimal(0)


def test_a_missing_stop_too_near_to_the_price_is_placed_where_the_broker_takes_it(make_house: MakeHouse) -> None:
    house = bought(make_house, "90.005 95 90.005 94", *[FLAT] * 3)
    delete_stop(house)
    house.next()
    outcome = house.daily()
    assert house.stops() == [(Decimal(50), Decimal("89.99"))]
    assert outcome.exit_code is ExitCode.OK
    assert any("moved from 90 to 89.99" in note for note in outcome.notes)
    house.next()
    assert house.daily().exit_code is ExitCode.OK
    assert house.stops() == [(Decimal(50), Decimal("89.99"))]


def test_a_price_exactly_at_a_missing_stop_is_beyond_it(make_house: MakeHouse) -> None:
    house = bought(make_house, "90 91 89 90.5")
    delete_stop(house)
    house.next()
    house.daily()
    assert house.positions() == {}


def test_a_split_moves_a_missing_stop_too(make_house: MakeHouse) -> None:
    house = bought(make_house, "50 50.5 49.5 50", actions=["ACME,2007-01-05,split,2"])
    delete_stop(house)
    house.next()
    outcome = house.daily()
    assert house.stops() == [(Decimal(100), Decimal("45.00"))]
    assert outcome.exit_code is ExitCode.OK


def test_a_split_is_followed_by_stop_and_target_alike(make_house: MakeHouse) -> None:
    policy = 'stop=Decimal("0.10"), target=Decimal("0.20")'
    house = bought(make_house, "50 50.5 49.5 50", policy=policy, actions=["ACME,2007-01-05,split,2"])
    house.next()
    outcome = house.daily()
    assert outcome.orders == ()  # nothing had to be repaired
    assert house.stops() == [(Decimal(100), Decimal("45.00"))]
    held = house.holding()
    assert held is not None
    assert (held.quantity, held.entry_price, held.stop_price) == (Decimal(100), Decimal(50), Decimal("45.00"))
    assert (held.target_price, held.high_water) == (Decimal("60.00"), Decimal(50))


def test_re_arming_whose_answer_is_lost_leaves_one_stop(make_house: MakeHouse) -> None:
    house = bought(make_house)
    delete_stop(house)
    house.check_exits(wrap=LosesAnswers)
    assert house.stops() == FIFTY_AT_90
    assert house.check_exits().exit_code is ExitCode.OK
    assert house.stops() == FIFTY_AT_90


def test_a_position_whose_strategy_was_taken_out_keeps_its_stop(make_house: MakeHouse) -> None:
    house = bought(make_house)
    house.told(Script("another"))
    house.set(STRATEGIES="another")
    delete_stop(house)
    house.next()
    outcome = house.daily()
    assert house.stops() == FIFTY_AT_90
    assert outcome.unprotected == Decimal(0)
    held = house.holding()
    assert held is not None
    assert held.strategy == "scripted"


def test_a_stop_set_by_hand_instead_of_ours_is_left_alone_and_told(make_house: MakeHouse) -> None:
    house = bought(make_house)
    delete_stop(house)
    with house.by_hand() as broker:
        broker.submit(Requests("ACME").sell(50, stop="80", client_id="my own stop"))
    outcome = house.check_exits()
    assert house.stops() == [(Decimal(50), Decimal(80))]
    mine = house.order("my own stop")
    assert mine is not None
    assert mine.state is OrderState.ACCEPTED
    assert [(gap.kind.value, gap.dollars) for gap in outcome.gaps] == [("wrong_price", Decimal(0))]
    (failure,) = outcome.failures
    assert failure.message == "ACME: the stop of scripted at the broker is at a worse price, and was left as it is"
    assert {ExitCode.DEGRADED, ExitCode.BREAKS} <= outcome.codes


class AboutToEnd(Around):
    """A person's cancel of the stop is under way: it is shown so for some reads, and then it has ended."""

    def __init__(self, broker: Broker, reads: int) -> None:
        super().__init__(broker)
        self.reads = reads
        self.refused = 0

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        orders = super().open_orders()
        self.reads -= 1
        if self.reads == 0:
            for order in orders:
                self.inner.cancel(order.broker_order_id)
            return ()
        return tuple(replace(order, rests=order.stop_price is None or self.reads < 0) for order in orders)

    def submit(self, request: OrderRequest) -> BrokerOrder:
        self.refused += self.reads > 0
        return super().submit(request)


def test_a_stop_that_is_about_to_end_protects_nothing_and_the_next_is_placed_once_it_has(
    make_house: MakeHouse,
) -> None:
    house, brokers = bought(make_house), list[AboutToEnd]()

    def wrap(broker: Broker) -> Broker:
        brokers.append(AboutToEnd(broker, reads=5))
        return brokers[0]

    outcome = house.check_exits(wrap=wrap)
    assert brokers[0].refused == 0, "no stop is sent beside one that may still sell"
    assert (house.stops(), outcome.unprotected) == (FIFTY_AT_90, Decimal(0))


def test_while_a_stop_is_about_to_end_its_dollars_are_told_as_bare(make_house: MakeHouse) -> None:
    house = bought(make_house)
    outcome = house.check_exits(wrap=lambda broker: AboutToEnd(broker, reads=1000))
    assert outcome.unprotected == 5000
    assert [line.purpose for line in outcome.orders] == []
    assert "no stop at the broker" in outcome.failures[0].message
