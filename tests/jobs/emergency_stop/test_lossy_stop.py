"""An emergency stop at a broker that finds no order by its id and loses answers: flat or 9, and nothing sold twice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.fakes.lossy_broker import Fate, Repeat, Wire
from tests.jobs.conftest import CopyHouse, MakeHouse
from tests.jobs.emergency_stop.stopping import jobs_own, sales
from tests.jobs.house import FLAT, House, Script
from tradebot.errors import ExitCode
from tradebot.jobs.emergency_stop import run as emergency_stop

SECOND = date(2007, 1, 4)
FATES = {"ARRV": Fate.ARRIVES, "BRNT": Fate.BURNT, "LATE": Fate.LATE, "NEVR": Fate.NEVER}

either_way = pytest.mark.parametrize("lags", [False, True], ids=["lists at once", "lists that lag"])
every_repeat = pytest.mark.parametrize("repeat", Repeat)


def holding_four(make_house: MakeHouse) -> House:
    """A home that holds 50 of each symbol, with stops at 90; it is 09:35."""
    wire = Wire()
    script = Script(enter={symbol: [SECOND] for symbol in FATES})
    house = make_house(script, prices={symbol: [FLAT] * 6 for symbol in FATES})
    house.daily(wrap=wire.around)
    assert all(house.stops(symbol) for symbol in FATES)
    return house


@either_way
@every_repeat
def test_lost_closing_orders_sell_each_position_once(copy_house: CopyHouse, repeat: Repeat, lags: bool) -> None:
    wire = Wire(repeat, {f"{symbol}-close": [fate] for symbol, fate in FATES.items()}, lags=lags)
    house = copy_house(holding_four)
    outcome = house.emergency_stop(close=True, wrap=wire.around)
    assert sorted(sales(house)) == [(symbol, Decimal(50)) for symbol in FATES]
    assert outcome.exit_code is ExitCode.OK
    assert (house.positions(), [house.open_orders(symbol) for symbol in FATES]) == ({}, [()] * 4)


@either_way
@pytest.mark.parametrize("repeat", [Repeat.CONFLICT, Repeat.FIRST])
def test_a_jobs_own_stop_settles_its_lost_orders_in_the_ledger(
    copy_house: CopyHouse, repeat: Repeat, lags: bool
) -> None:
    wire = Wire(repeat, {f"{symbol}-close": [fate] for symbol, fate in FATES.items()}, lags=lags)
    house = copy_house(holding_four)
    with house.desk(wrap=wire.around) as desk:
        outcome = emergency_stop.run(jobs_own(desk), close_positions=True)
    assert sorted(sales(house)) == [(symbol, Decimal(50)) for symbol in FATES]
    assert outcome.exit_code is ExitCode.OK
    wire.lags = False
    assert house.reconcile("15:50", wrap=wire.around).breaks == ()


@either_way
@every_repeat
def test_lost_stops_are_armed_once(copy_house: CopyHouse, repeat: Repeat, lags: bool) -> None:
    wire = Wire(repeat, lags=lags)
    house = copy_house(holding_four)
    with house.by_hand() as broker:
        for symbol in FATES:
            broker.cancel(house.open_orders(symbol)[0].broker_order_id)
    wire.fates |= {f"{symbol}-stop": [fate] for symbol, fate in FATES.items()}
    outcome = house.emergency_stop(wrap=wire.around)
    assert [house.stops(symbol) for symbol in FATES] == [[(Decimal(50), Decimal(90))]] * 4
    assert outcome.exit_code is (ExitCode.INCOMPLETE if lags else ExitCode.OK)  # what no list shows is not said to rest


def test_where_no_sell_is_ever_taken_it_ends_with_nine_and_says_why(copy_house: CopyHouse) -> None:
    wire = Wire()
    house = copy_house(holding_four)
    wire.fates["ARRV-close"] = [Fate.NEVER] * 100
    outcome = house.emergency_stop(close=True, wrap=wire.around)
    assert outcome.exit_code is ExitCode.INCOMPLETE
    assert sorted(symbol for symbol, _ in sales(house)) == ["BRNT", "LATE", "NEVR"]
    assert house.stops("ARRV") == [(Decimal(50), Decimal(90))]
