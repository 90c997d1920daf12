"""check-exits leaves positions, and enters none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import Script
from tradebot.errors import ExitCode

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)


def test_check_exits_enters_nothing_and_stores_no_denial_of_an_entry(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND], "BOLT": [THIRD]}))
    house.daily()
    house.next()
    outcome = house.check_exits()
    assert set(house.positions()) == {"ACME"}
    assert (outcome.orders, outcome.denials) == ((), ())


def test_a_strategy_that_can_not_be_asked_keeps_no_position_past_its_age(make_house: MakeHouse) -> None:
    ages = Script(enter={"ACME": [SECOND]}, policy='stop=Decimal("0.10"), max_sessions=1')
    house = make_house(ages)
    house.daily()
    house.next()
    house.told(replace(ages, code="raise RuntimeError('no')"))
    outcome = house.check_exits()
    assert outcome.exit_code is ExitCode.DEGRADED
    assert house.positions() == {}
