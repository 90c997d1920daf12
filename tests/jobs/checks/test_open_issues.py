"""Checks of what is open: halts, breaks, unknown orders, missing stops, missed jobs."""

from __future__ import annotations

import pytest

from tests.jobs.brokers import LosesRequests, Unreachable
from tests.jobs.checks.checked import FAIL, SECOND, WARN, checked, named, others_pass
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import Script
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.errors import BrokerUnavailable, ExitCode


def test_a_halt_blocks(make_house: MakeHouse) -> None:
    outcome = checked(make_house(settings={"EMERGENCY_STOP_ENABLED": "true"}))
    assert named(outcome, "halts").result is FAIL
    assert "EMERGENCY_STOP_ENABLED is unset" in named(outcome, "halts").remedy
    assert outcome.status is RunStatus.BLOCKED
    assert outcome.codes == {ExitCode.BLOCKED, ExitCode.HALTED}
    assert others_pass(outcome, "halts")


def test_a_missing_stop_is_a_warning_with_its_dollars(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    house.daily()
    with house.by_hand() as broker:
        (stop,) = broker.open_orders()
        broker.cancel(stop.broker_order_id)
    house.next()
    outcome = checked(house)
    assert named(outcome, "protection").result is WARN
    assert "ACME (missing)" in named(outcome, "protection").figure
    assert outcome.unprotected == 5000


def test_a_break_and_an_unknown_order_are_warnings(make_house: MakeHouse) -> None:
    house = make_house(Script(enter={"ACME": [SECOND]}))
    with pytest.raises(BrokerUnavailable):
        house.daily(wrap=lambda broker: Unreachable(LosesRequests(broker), "order"))
    outcome = checked(house)
    assert named(outcome, "unknown orders").result is WARN
    assert "ACME-entry-1" in named(outcome, "unknown orders").figure


def test_jobs_that_nothing_ran_are_told_until_one_of_their_kind_ran(make_house: MakeHouse) -> None:
    house = make_house()
    house.daily()
    house.next()
    found = named(checked(house), "schedule")
    assert found.result is WARN
    assert "check-exits: 2007-01-04 missed" in found.figure
    assert "run-daily" not in found.figure
