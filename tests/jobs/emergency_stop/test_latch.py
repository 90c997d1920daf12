"""The latch of an emergency stop."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.jobs.conftest import CopyHouse
from tests.jobs.emergency_stop.two_positions import holding_two
from tests.jobs.house import House
from tradebot.errors import ExitCode

SECOND, THIRD = date(2007, 1, 4), date(2007, 1, 5)


@pytest.fixture
def house(copy_house: CopyHouse) -> House:
    return copy_house(holding_two)


def test_a_latch_that_could_not_be_written_stops_no_cancel(house: House) -> None:
    outcome = house.emergency_stop(close=True, change=lambda desk: replace(desk, not_latched="the disk is full"))
    assert outcome.exit_code is ExitCode.INCOMPLETE
    assert house.positions() == {}
    (failure,) = outcome.failures
    assert failure.message == "jobs are not halted: the disk is full"
