"""Checks of bars and of the strategies that read them."""

from __future__ import annotations

import pytest

from tests.jobs.checks.checked import PASS, WARN, checked, named
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import FLAT, Script
from tradebot.errors import ExitCode


def test_a_broken_strategy_is_a_warning_of_its_own(make_house: MakeHouse) -> None:
    house = make_house(Script("broken", code="raise RuntimeError('no')"), Script())
    outcome = checked(house)
    assert named(outcome, "strategy broken").result is WARN
    assert named(outcome, "strategy scripted").result is PASS
    assert outcome.exit_code is ExitCode.DEGRADED


def test_a_symbol_without_its_newest_bar_is_a_warning(make_house: MakeHouse) -> None:
    house = make_house(prices={"ACME": [FLAT] * 3, "BOLT": [None, FLAT, FLAT]})
    outcome = checked(house)
    assert named(outcome, "bars").result is WARN
    assert "BOLT" in named(outcome, "bars").figure


def test_a_gap_in_the_bars_is_told_with_its_last_session(make_house: MakeHouse) -> None:
    house = make_house(prices={"ACME": [FLAT] * 4, "BOLT": [FLAT, None, FLAT, FLAT]})
    house.next()
    house.next()
    outcome = checked(house)
    assert named(outcome, "bars").result is WARN
    assert named(outcome, "bars").figure == "BOLT has no bar in 1 session, last on 2007-01-04"


@pytest.mark.parametrize(
    ("price", "said"),
    [("205 206 204 205", "ACME jumped to 205% of the close before on 2007-01-04, and no action says why"),
     ("49 50 48 49", "ACME jumped to 49% of the close before on 2007-01-04, and no action says why"),
     ("195 196 194 195", ""), ("51 52 50 51", "")],
)  # fmt: skip
def test_a_jump_that_nothing_explains_is_told(make_house: MakeHouse, price: str, said: str) -> None:
    house = make_house(prices={"ACME": [FLAT, price, price, price]})
    house.next()
    bars = named(checked(house), "bars")
    assert (bars.result, bars.figure if said else "") == (WARN if said else PASS, said)


def test_a_split_explains_its_jump(make_house: MakeHouse) -> None:
    halved = "50 51 49 50"
    house = make_house(prices={"ACME": [FLAT, halved, halved]}, actions=["ACME,2007-01-04,split,2"])
    house.next()
    assert named(checked(house), "bars").result is PASS
