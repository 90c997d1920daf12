"""Orders whose answers are lost, at a broker that finds none for certain by its id: exactly once, and never bare."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.lossy_broker import Fate, Repeat, Wire
from tests.fakes.orders import Requests
from tests.fakes.paced import paced
from tests.jobs.brokers import Around
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, House, Script
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.orders import BrokerOrder, OrderRequest, OrderState, Purpose, Side
from tradebot.errors import Blocked, ExitCode
from tradebot.jobs import run_daily

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)
#: One symbol for each fate.
FATES = {"ARRV": Fate.ARRIVES, "BRNT": Fate.BURNT, "LATE": Fate.LATE, "NEVR": Fate.NEVER}
PRICES = {symbol: [FLAT] * 6 for symbol in FATES}

either_way = pytest.mark.parametrize("lags", [False, True], ids=["lists at once", "lists that lag"])
every_repeat = pytest.mark.parametrize("repeat", Repeat)


def home(make_house: MakeHouse, *, leaves: bool = False) -> House:
    """A home whose strategy enters every symbol in the second session, and perhaps leaves it in the third."""
    leave = {symbol: [THIRD] for symbol in FATES if leaves}
    return make_house(Script(enter={symbol: [SECOND] for symbol in FATES}, leave=leave), prices=PRICES)


def offered(house: House, symbol: str) -> Decimal:
    """The shares that live sells offer at the exchange."""
    selling = [order for order in house.open_orders(symbol) if order.side is Side.SELL]
    return sum((order.remaining for order in selling), Decimal(0))


def held(house: House, symbol: str) -> Decimal:
    position = house.positions().get(symbol)
    return position.quantity if position else Decimal(0)


def by_symbol(house: House, figure: Callable[[House, str], Decimal]) -> dict[str, int]:
    return {symbol: int(figure(house, symbol)) for symbol in FATES}


def entries_at_the_exchange(house: House) -> list[str]:
    with house.by_hand() as broker:
        return sorted(each.split("-")[4] for each in broker.client_order_ids() if "-entry-" in each)


@either_way
def test_a_lost_entry_is_one_order_and_never_sent_again(make_house: MakeHouse, lags: bool) -> None:
    wire = Wire(fates={f"{symbol}-entry": [fate] for symbol, fate in FATES.items()}, lags=lags)
    house = home(make_house)
    told = house.daily(wrap=wire.around)
    assert told.exit_code is ExitCode.BROKER
    assert told.status is RunStatus.RAN
    told = house.check_exits("10:00", wrap=wire.around)
    assert told.exit_code is ExitCode.BROKER
    assert any("NEVR takes no entry until it is found or its session is over" in each.message for each in told.failures)
    house.daily("10:05", wrap=wire.around)
    assert sorted(each for each in wire.posts if "-entry-" in each) == [
        house.id(1, Purpose.ENTRY, symbol) for symbol in FATES
    ]
    assert entries_at_the_exchange(house) == ["ARRV", "LATE"]
    wire.lags = False
    house.check_exits("15:50", wrap=wire.around)
    house.next()
    house.daily(wrap=wire.around)
    states = {intent.symbol: intent.state for intent in house.intents(SECOND) if intent.purpose is Purpose.ENTRY}
    filled, lost = OrderState.FILLED, OrderState.ABANDONED
    assert states == {"ARRV": filled, "BRNT": lost, "LATE": filled, "NEVR": lost}
    assert by_symbol(house, offered) == by_symbol(house, held)
    assert house.reconcile(wrap=wire.around).exit_code is ExitCode.OK


@either_way
@every_repeat
def test_a_lost_stop_rests_once_when_the_job_ends(make_house: MakeHouse, repeat: Repeat, lags: bool) -> None:
    wire = Wire(repeat, {f"{symbol}-stop": [fate] for symbol, fate in FATES.items()}, lags=lags)
    house = home(make_house)
    house.daily(wrap=wire.around)
    assert by_symbol(house, offered) == by_symbol(house, held)
    house.check_exits("10:00", wrap=wire.around)
    assert by_symbol(house, offered) == by_symbol(house, held)
    wire.lags = False
    house.check_exits("15:50", wrap=wire.around)
    assert by_symbol(house, offered) == by_symbol(house, held)
    assert house.reconcile(wrap=wire.around).exit_code is ExitCode.OK


class LetsInOnce(Around):
    """Refuses the login of every stop after the first."""

    stops = 0

    def submit(self, request: OrderRequest) -> BrokerOrder:
        if "-stop-" in request.client_order_id:
            self.stops += 1
            if self.stops > 1:
                raise Blocked("the login has ended")
        return super().submit(request)


def test_a_lost_stop_stays_unknown_while_its_second_request_is_not_let_in(make_house: MakeHouse) -> None:
    wire = Wire(fates={"ARRV-stop": [Fate.NEVER]})
    house = home(make_house)
    with pytest.raises(Blocked):
        house.daily(wrap=lambda broker: LetsInOnce(wire.around(broker)))
    (stop,) = (intent for intent in house.intents(SECOND) if intent.purpose is Purpose.STOP)
    assert (stop.symbol, stop.state) == ("ARRV", OrderState.UNKNOWN)
    house.check_exits("10:00", wrap=wire.around)
    assert by_symbol(house, offered) == by_symbol(house, held)


def test_a_lost_stop_is_settled_though_the_second_look_takes_less_time_than_the_first(make_house: MakeHouse) -> None:
    wire = Wire(fates={"NEVR-stop": [Fate.NEVER]})
    house = home(make_house)
    with paced(house, "09:35", gap=0.9, less=0.005, wrap=wire.around) as desk:
        run_daily.run(desk)
    assert by_symbol(house, offered) == by_symbol(house, held)


@pytest.mark.parametrize("late_after", [9, 10], ids=["in the first look", "in the second"])
def test_a_stop_that_arrives_between_two_reads_of_a_look_is_found(make_house: MakeHouse, late_after: int) -> None:
    """The open orders show it, and the positions show what it holds: these shares were taken for those of another."""
    wire = Wire(Repeat.SECOND, {"LATE-stop": [Fate.LATE]}, late_after=late_after)
    house = home(make_house)
    house.daily(wrap=Wire().around)
    with house.by_hand() as broker:
        for order in house.open_orders("LATE"):
            broker.cancel(order.broker_order_id)
        broker.submit(Requests("LATE").buy(100, client_id="a person's"))
    house.check_exits("10:00", wrap=wire.around)
    assert wire.late == {}, "it has not arrived"
    assert (len(wire.posts), offered(house, "LATE")) == (1, held(house, "LATE") - 100)


@either_way
@every_repeat
def test_a_lost_exit_sells_once_and_leaves_no_share_bare(make_house: MakeHouse, repeat: Repeat, lags: bool) -> None:
    wire = Wire(repeat, {f"{symbol}-exit": [fate] for symbol, fate in FATES.items()}, lags=lags)
    house = home(make_house, leaves=True)
    house.daily(wrap=wire.around)
    house.next()
    told = house.daily(wrap=wire.around)
    assert told.exit_code is ExitCode.BROKER
    assert by_symbol(house, offered) == by_symbol(house, held)
    house.daily("10:00", wrap=wire.around)
    assert by_symbol(house, offered) == by_symbol(house, held)
    wire.lags = False
    house.check_exits("15:50", wrap=wire.around)
    assert held(house, "ARRV") == held(house, "LATE") == held(house, "NEVR") == 0
    assert by_symbol(house, offered) == by_symbol(house, held)
    assert house.reconcile(wrap=wire.around).exit_code is ExitCode.OK


@pytest.mark.parametrize("cancelled", [False, True], ids=["live", "cancelled by then"])
def test_a_stop_that_arrives_after_it_was_given_up_is_taken_over(make_house: MakeHouse, cancelled: bool) -> None:
    wire = Wire(fates={"NEVR-stop": [Fate.NEVER, Fate.NEVER]})
    house = home(make_house)
    house.daily(wrap=wire.around)
    first = house.id(1, Purpose.STOP, "NEVR")
    (given_up,) = (intent for intent in house.intents(SECOND) if intent.client_order_id == first)
    assert given_up.state is OrderState.ABANDONED
    with house.by_hand() as broker:
        for order in house.open_orders("NEVR"):
            broker.cancel(order.broker_order_id)
        late = broker.submit(given_up.request)
        if cancelled:
            broker.cancel(late.broker_order_id)
    house.check_exits("10:00", wrap=wire.around)
    assert states(house)[first] is (OrderState.CANCELLED if cancelled else OrderState.ACCEPTED)
    assert by_symbol(house, offered) == by_symbol(house, held)


def states(house: House) -> dict[str, OrderState]:
    return {intent.client_order_id: intent.state for intent in house.intents(SECOND)}
