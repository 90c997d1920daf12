"""resume clears what is latched, for a reason that is kept."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Script
from tests.jobs.latches import (
    FALLS,
    THIRD,
    by_damaged_latch_file,
    by_environment,
    by_latch_file,
    by_ledger,
    by_ledger_reducing,
    drawn_down,
    latch_path,
    rules,
)
from tradebot.core.model.halts import HaltRule, HaltSource
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.errors import ExitCode


@pytest.mark.parametrize("latch", [by_latch_file, by_damaged_latch_file, by_ledger, by_ledger_reducing])
def test_resume_clears_what_is_latched_and_keeps_the_reason(
    make_house: MakeHouse, latch: Callable[[House], None]
) -> None:
    house = make_house(Script(enter={"ACME": [THIRD]}))
    latch(house)
    assert house.daily().exit_code is ExitCode.HALTED

    outcome = house.resume("the drill is over")
    assert (outcome.status, outcome.exit_code) == (RunStatus.RAN, ExitCode.OK)
    assert not latch_path(house).exists()
    cleared = house.rows("SELECT cleared_reason FROM halts")
    assert [row["cleared_reason"] for row in cleared] == ["the drill is over"]

    house.next()
    assert house.daily().exit_code is ExitCode.OK
    assert set(house.positions()) == {"ACME"}


def test_resume_can_not_unset_the_environment(make_house: MakeHouse) -> None:
    house = make_house()
    by_environment(house)
    by_latch_file(house)
    outcome = house.resume()
    assert (outcome.status, outcome.exit_code) == (RunStatus.BLOCKED, ExitCode.HALTED)
    assert outcome.headline == "the account stays halted: 1 halt cleared, 1 left"
    assert [halt.source for halt in outcome.halts] == [HaltSource.ENVIRONMENT]
    assert not latch_path(house).exists()


def test_a_halt_that_two_latches_hold_is_cleared_as_one(make_house: MakeHouse) -> None:
    house = make_house()
    by_latch_file(house)
    assert len(house.reconcile().halts) == 2  # in the file, and taken into the ledger
    assert house.resume().headline == "the account is running again: 1 halt cleared (looked at it)"


def test_resume_without_a_halt_does_nothing(make_house: MakeHouse) -> None:
    outcome = make_house().resume()
    assert (outcome.status, outcome.exit_code) == (RunStatus.IDLE, ExitCode.OK)


def test_resume_measures_the_drawdown_anew_from_todays_equity(make_house: MakeHouse) -> None:
    house = drawn_down(make_house, FALLS, "70.01 71 70 70.01", "70 71 69 70")
    house.daily()
    assert house.resume("seen it").exit_code is ExitCode.OK
    with house.desk() as desk:
        assert desk.ledger.books.peak() == Decimal("98980.00")
    assert house.check_exits().exit_code is ExitCode.OK
    house.next()
    assert house.daily().exit_code is ExitCode.OK  # 97,001 USD, 1.9995% below 98,980
    house.next()
    assert rules(house.daily()) == [HaltRule.DRAWDOWN]  # 97,000 USD, 2.0004 %


def test_a_deposit_that_nothing_tells_of_yet_is_no_part_of_the_new_peak(make_house: MakeHouse) -> None:
    house = drawn_down(make_house, FALLS, "70.01 71 70 70.01", "70 71 69 70")
    house.daily()
    with house.exchange() as exchange, exchange.writing() as view:
        view.book.cash += 15_000
    house.resume("seen it")
    with house.desk() as desk:
        assert desk.ledger.books.peak() == Decimal("98980.00")
