"""Leaving a position: the stop cancelled and seen cancelled, the shares read again, and no more than those sold."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.orders import Requests
from tests.jobs.brokers import Around, LosesAnswers, LosesRequests, Watched
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState, OrderType, Purpose, Side
from tradebot.core.model.schedule import Job
from tradebot.errors import BrokerUnavailable, ExitCode, OrderRefused, Stopped
from tradebot.jobs import check_exits, run_daily
from tradebot.ports import Broker

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)
ROUND_TRIP = Script(enter={"ACME": [SECOND]}, leave={"ACME": [THIRD]})
STOP = [(Decimal(50), Decimal("90.00"))]  # quantity and price of the stop that rests before the exit


@pytest.fixture
def holding(make_house: MakeHouse) -> House:
    """A home that holds 50 ACME from the session before, with a stop at 90, and is told to leave today."""
    house = make_house(ROUND_TRIP)
    house.daily()
    house.next()
    assert house.stops() == STOP
    return house


def exits(house: House, day: int = 2) -> list[tuple[int, OrderState, Decimal]]:
    """Attempt, state and filled quantity of the exits of a session."""
    return [
        (intent.attempt, intent.state, intent.filled_quantity)
        for intent in house.intents(house.days[day])
        if intent.purpose is Purpose.EXIT
    ]


@pytest.mark.parametrize("job", [Job.RUN_DAILY, Job.CHECK_EXITS])
def test_a_position_is_left_on_its_signal(holding: House, job: Job) -> None:
    outcome = holding.run(job)
    assert outcome.exit_code is ExitCode.OK
    assert holding.positions() == {}
    assert holding.stops() == []
    assert exits(holding) == [(1, OrderState.FILLED, Decimal(50))]
    (trade,) = holding.rows("SELECT strategy, quantity, entry_price, exit_price, pnl, exit_reason FROM trades")
    assert trade["exit_reason"] == "exit signal: told to leave"
    assert (trade["strategy"], trade["quantity"], trade["pnl"]) == ("scripted", "50", "0")


@pytest.mark.parametrize("job", [Job.RUN_DAILY, Job.CHECK_EXITS])
def test_a_position_is_left_at_its_age(make_house: MakeHouse, job: Job) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}, policy='stop=Decimal("0.10"), max_sessions=3'))
    house.daily()
    for _ in range(2):
        house.next()
        house.run(job)
        assert set(house.positions()) == {"ACME"}
    house.next()
    house.run(job)
    assert house.positions() == {}
    (trade,) = house.rows("SELECT exit_session, exit_reason FROM trades")
    assert trade["exit_session"] == "2007-01-09"
    assert trade["exit_reason"] == "time exit: held for 3 of at most 3 sessions"


def test_the_sequence_is_cancel_see_it_cancelled_read_again_sell(holding: House) -> None:
    seen: list[str] = []

    def look(broker: Broker, call: str, asked: object) -> None:
        resting = [order for order in broker.open_orders() if order.symbol == "ACME"]
        seen.append(f"{call}, {len(resting)} resting")

    holding.check_exits(wrap=lambda broker: Watched(broker, look))

    cancelled = seen.index("cancel, 1 resting")
    sold = seen.index("submit, 0 resting")
    between = seen[cancelled + 1 : sold]
    assert between.index("open_orders, 0 resting") < between.index("positions, 0 resting")
    assert not any(call.startswith(("submit", "replace")) for call in seen[:cancelled])


def test_the_time_without_a_stop_is_journaled_from_before_its_cancel(holding: House) -> None:
    class Crash(BaseException):
        """The power fails."""

    class DiesCancelling(Around):
        def cancel(self, broker_order_id: str) -> None:
            raise Crash

    with pytest.raises(Crash):
        holding.check_exits(wrap=DiesCancelling)
    assert [kind for kind, _ in bare_times(holding)] == ["bare_began"]
    assert exits(holding) == [(1, OrderState.PLANNED, Decimal(0))]

    holding.check_exits()
    assert [kind for kind, _ in bare_times(holding)] == ["bare_began", "bare_ended"] * 2
    _, ended = bare_times(holding)[-1]
    assert (ended["shares"], ended["dollars"], ended["ended_at"]) == ("50", "5000", ended["began_at"])


def bare_times(house: House) -> list[tuple[str, dict[str, str]]]:
    rows = house.rows("SELECT kind, detail FROM audit WHERE kind LIKE 'bare_%' ORDER BY seq")
    return [(row["kind"], json.loads(row["detail"])) for row in rows]


def test_a_stop_that_fills_while_it_is_cancelled_has_sold_already(make_house: MakeHouse) -> None:
    house = make_house(ROUND_TRIP, prices={"ACME": [FLAT, FLAT, "100 101 85 95"]})
    house.daily()
    house.next()

    class FillsFirst(Around):
        def cancel(self, broker_order_id: str) -> None:
            house.passes("09:40")  # the low of the day comes before the cancel
            super().cancel(broker_order_id)

    outcome = house.daily(wrap=FillsFirst)
    assert house.positions() == {}
    assert exits(house) == [(1, OrderState.ABANDONED, Decimal(0))]
    assert any("its stop had sold it" in note for note in outcome.notes)
    (trade,) = house.rows("SELECT exit_price, exit_reason FROM trades")
    assert trade == {"exit_price": "90", "exit_reason": "stop"}
    assert outcome.breaks == ()


def test_no_more_is_sold_than_the_broker_still_shows(holding: House) -> None:
    class SellsTwentyByHand(Around):
        def cancel(self, broker_order_id: str) -> None:
            super().cancel(broker_order_id)
            self.inner.submit(Requests().sell(20, client_id="by hand"))

    outcome = holding.check_exits(wrap=SellsTwentyByHand)
    assert holding.positions() == {}
    assert exits(holding) == [(1, OrderState.FILLED, Decimal(30))]
    assert outcome.breaks == ()


def test_a_cancel_that_is_not_confirmed_keeps_the_position_and_its_stop(holding: House) -> None:
    class ForgetsCancels(Around):
        def cancel(self, broker_order_id: str) -> None:
            return None

    outcome = holding.check_exits(wrap=ForgetsCancels)
    assert outcome.exit_code is ExitCode.BROKER
    assert [failure.what for failure in outcome.failures] == ["ACME"]
    assert "not cancelled in time" in outcome.failures[0].message
    assert exits(holding) == [(1, OrderState.PLANNED, Decimal(0))]
    assert holding.stops() == STOP

    assert holding.check_exits().exit_code is ExitCode.OK
    assert holding.positions() == {}


class RefusesSales(Around):
    """Refuses to sell at the market, as a broker does in a trading halt."""

    def submit(self, request: OrderRequest) -> BrokerOrder:
        if request.side is Side.SELL and request.type is OrderType.MARKET:
            raise OrderRefused("halted", "trading in ACME is halted")
        return super().submit(request)


@pytest.mark.parametrize("fault", [RefusesSales, LosesRequests], ids=["refused", "lost"])
def test_a_sale_that_does_not_happen_leaves_the_stop_armed_and_is_tried_again(
    holding: House, fault: type[Around]
) -> None:
    outcome = holding.check_exits(wrap=lambda broker: OnlySales(broker, fault))
    assert holding.positions()["ACME"].quantity == 50
    assert holding.stops() == STOP
    assert outcome.unprotected == Decimal(0)
    assert outcome.gaps == ()

    assert holding.check_exits().exit_code is ExitCode.OK
    assert holding.positions() == {}
    assert holding.stops() == []
    assert [filled for _, _, filled in exits(holding)][-1] == 50


def test_a_sale_whose_answer_is_lost_has_happened_once(holding: House) -> None:
    outcome = holding.check_exits(wrap=lambda broker: OnlySales(broker, LosesAnswers))
    assert outcome.exit_code is ExitCode.BROKER
    assert exits(holding) == [(1, OrderState.FILLED, Decimal(50))]
    assert holding.positions() == {}
    assert holding.stops() == []
    assert outcome.breaks == ()


class OnlySales(Around):
    """Has a fault, and only where shares are sold at the market."""

    def __init__(self, broker: Broker, fault: type[Around]) -> None:
        super().__init__(broker)
        self._faulty = fault(broker)

    def submit(self, request: OrderRequest) -> BrokerOrder:
        is_sale = request.side is Side.SELL and request.type is OrderType.MARKET
        return (self._faulty if is_sale else self.inner).submit(request)


def test_a_stop_that_can_not_be_re_armed_is_shouted_about_and_re_armed_by_the_next_job(
    holding: House, caplog: pytest.LogCaptureFixture
) -> None:
    class SellsNothing(Around):
        def submit(self, request: OrderRequest) -> BrokerOrder:
            raise BrokerUnavailable("no route to host")

    outcome = holding.check_exits(wrap=SellsNothing)
    assert holding.stops() == []
    assert outcome.unprotected == Decimal(5000)
    assert outcome.exit_code is ExitCode.BROKER
    assert any("5000" in failure.message and "no stop" in failure.message for failure in outcome.failures)
    assert any(record.levelname == "CRITICAL" and "ACME is unprotected" in record.message for record in caplog.records)

    holding.told(Script(enter={"ACME": [SECOND]}))
    assert holding.check_exits().unprotected == Decimal(0)
    assert holding.stops() == STOP


@pytest.mark.parametrize("wanted", [True, False], ids=["still to be left", "to be kept by now"])
def test_a_broker_that_goes_silent_after_the_cancel_ends_the_job_and_the_next_one_makes_it_good(
    holding: House, wanted: bool
) -> None:
    class SilentAfterCancel(Around):
        silent = False

        def before(self, call: str, asked: object = None) -> None:
            if self.silent:
                raise BrokerUnavailable("no route to host")
            self.silent = call == "cancel"

    with pytest.raises(BrokerUnavailable):
        holding.check_exits(wrap=SilentAfterCancel)
    assert holding.stops() == []

    if not wanted:
        holding.told(Script(enter={"ACME": [SECOND]}))
    outcome = holding.check_exits()
    assert outcome.unprotected == Decimal(0)
    assert outcome.breaks == ()
    assert (set(holding.positions()), holding.stops()) == ((set(), []) if wanted else ({"ACME"}, STOP))


class AskedToEnd:
    """^C, from the moment on at which a test says so."""

    asked = False

    def check(self) -> None:
        if self.asked:
            raise Stopped(ExitCode.INTERRUPTED)


@pytest.mark.parametrize("job", ["run-daily", "check-exits"])
def test_control_c_between_cancel_and_sale_does_not_leave_a_position_naked(holding: House, job: str) -> None:
    stop = AskedToEnd()

    class PressedAtCancel(Around):
        def cancel(self, broker_order_id: str) -> None:
            super().cancel(broker_order_id)
            stop.asked = True

    with holding.desk("09:35", PressedAtCancel) as desk:
        run = run_daily.run if job == "run-daily" else check_exits.run
        run(replace(desk, stop=stop))
    assert holding.positions() == {}
    assert holding.stops() == []


def test_control_c_before_an_exit_begins_leaves_the_stop_alone(holding: House) -> None:
    stop = AskedToEnd()
    stop.asked = True
    with holding.desk("15:45") as desk, pytest.raises(Stopped):
        check_exits.run(replace(desk, stop=stop))
    assert holding.stops() == STOP
    (run,) = holding.rows("SELECT status, exit_code FROM runs WHERE job = 'check-exits'")
    assert run == {"status": "failed", "exit_code": 130}


def test_control_c_before_an_entry_sends_nothing_more(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND], "BOLT": [SECOND]}))
    stop = AskedToEnd()

    class PressedAtSubmit(Around):
        def submit(self, request: OrderRequest) -> BrokerOrder:
            stop.asked = True
            return super().submit(request)

    with house.desk("09:35", PressedAtSubmit) as desk, pytest.raises(Stopped):
        run_daily.run(replace(desk, stop=stop))
    assert set(house.positions()) == {"ACME"}
    assert house.stops() == STOP
    states = {intent.symbol: intent.state for intent in house.intents()}
    assert states == {"ACME": OrderState.FILLED, "BOLT": OrderState.PLANNED}

    assert house.daily().status is RunStatus.RAN
    assert set(house.positions()) == {"ACME", "BOLT"}


def test_an_exit_leaves_shares_that_were_bought_by_hand(holding: House) -> None:
    with holding.by_hand() as broker:
        broker.submit(Requests().buy(7, client_id="by hand"))
    holding.daily()
    assert holding.positions()["ACME"].quantity == 7
    assert exits(holding) == [(1, OrderState.FILLED, Decimal(50))]


def test_an_exit_whose_stop_sold_first_leaves_shares_that_were_bought_by_hand(make_house: MakeHouse) -> None:
    house = make_house(ROUND_TRIP, prices={"ACME": [FLAT, FLAT, "100 101 85 95"]})
    house.daily()
    house.next()
    with house.by_hand() as broker:
        broker.submit(Requests().buy(7, client_id="by hand"))

    class FillsFirst(Around):
        def cancel(self, broker_order_id: str) -> None:
            house.passes("09:40")
            super().cancel(broker_order_id)

    house.daily(wrap=FillsFirst)
    assert exits(house) == [(1, OrderState.ABANDONED, Decimal(0))]
    assert house.positions()["ACME"].quantity == 7


@pytest.mark.parametrize("job", [Job.RUN_DAILY, Job.CHECK_EXITS])
def test_why_a_position_was_not_left_is_told_and_stored(holding: House, job: Job) -> None:
    with holding.by_hand() as broker:
        (stop,) = broker.open_orders()
        broker.cancel(stop.broker_order_id)
        broker.submit(Requests().sell(50, limit="150", client_id="by hand"))
    outcome = holding.run(job)
    assert [(d.symbol, d.code.value) for d in outcome.denials if d.purpose is Purpose.EXIT] == [
        ("ACME", "NOTHING_TO_SELL")
    ]
    (row,) = holding.rows("SELECT code, message FROM decisions WHERE purpose = 'exit' AND outcome = 'denied'")
    assert row["code"] == "NOTHING_TO_SELL"
    assert "by hand" in row["message"]


def test_a_stop_that_the_open_gapped_through_leaves_nothing_to_sell(make_house: MakeHouse) -> None:
    house = make_house(ROUND_TRIP, prices={"ACME": [FLAT, FLAT, "85 86 84 85"]})
    house.daily()
    house.next()
    outcome = house.daily()
    assert exits(house) == []
    (trade,) = house.rows("SELECT exit_price, exit_reason FROM trades")
    assert trade == {"exit_price": "85", "exit_reason": "stop"}
    assert (outcome.breaks, outcome.orders) == ((), ())


def test_sessions_in_which_nothing_ran_are_made_good_by_the_next_job(make_house: MakeHouse) -> None:
    house = make_house(
        Script(enter={"ACME": [SECOND], "BOLT": [SECOND]}, policy='stop=Decimal("0.10"), max_sessions=3'),
        prices={"ACME": [FLAT, FLAT, FLAT, "95 96 85 86", FLAT], "BOLT": [FLAT] * 5},
    )
    house.daily()
    for _ in range(3):
        house.next()
    outcome = house.daily()
    trades = house.rows("SELECT symbol, exit_session, exit_price, exit_reason FROM trades ORDER BY symbol")
    assert trades == [
        {"symbol": "ACME", "exit_session": "2007-01-08", "exit_price": "90", "exit_reason": "stop"},
        {
            "symbol": "BOLT",
            "exit_session": "2007-01-09",
            "exit_price": "100",
            "exit_reason": "time exit: held for 3 of at most 3 sessions",
        },
    ]
    assert outcome.exit_code is ExitCode.OK
