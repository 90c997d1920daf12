"""One run of a job: what is added to it is in its outcome, and its end is in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.core.builders import intent
from tests.jobs.brokers import Watched
from tests.jobs.conftest import CopyHouse, holding_acme
from tests.jobs.house import House
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltScope, HaltSource
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.outcomes import FailureLine, Outcome
from tradebot.errors import BrokerUnavailable, ExitCode
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import open_run, read_account, record
from tradebot.jobs.step_results import SubmitResult, failed, noted
from tradebot.jobs.steps.sync import synchronise

SECOND = date(2007, 1, 4)
HALTED = Halt(HaltSource.LEDGER, HaltRule.OPERATOR, HaltLevel.HALTED, "a drill")


@pytest.fixture
def house(copy_house: CopyHouse) -> House:
    return copy_house(holding_acme)


@pytest.fixture
def desk(house: House) -> Iterator[Desk]:
    with house.desk() as desk:
        yield desk


def test_results_are_in_the_outcome_in_the_order_in_which_they_were_added(desk: Desk) -> None:
    run = open_run(desk, Job.RECONCILE)
    run.add(noted("first"))
    run.add(failed("ACME", "it broke", ExitCode.BROKER))
    run.add(noted("second"))
    outcome = run.outcome(RunStatus.RAN, "done")
    assert outcome.notes == ("first", "second")
    assert outcome.failures == (FailureLine("ACME", "it broke"),)
    assert outcome.codes == {ExitCode.BROKER}


def test_protection_is_unknown_until_an_account_was_added_and_the_newest_one_counts(house: House) -> None:
    with house.desk() as desk:
        run = open_run(desk, Job.RECONCILE)
        assert run.outcome(RunStatus.RAN, "").unprotected is None
        run.add(synchronise(desk, run))
        assert run.outcome(RunStatus.RAN, "").unprotected == 0
        (stop,) = house.open_orders()
        desk.broker.cancel(stop.broker_order_id)
        run.add(synchronise(desk, run))
        outcome = run.outcome(RunStatus.RAN, "")
    assert [gap.symbol for gap in outcome.gaps] == ["ACME"]
    assert outcome.unprotected == outcome.gaps[0].dollars > 0


def test_a_halt_that_stopped_an_entry_is_in_force_for_the_rest_of_the_run(desk: Desk) -> None:
    run = open_run(desk, Job.RUN_DAILY)
    run.add(SubmitResult(intent=intent(), halts=(HALTED,)))
    assert run.halts == (HALTED,)
    run.add(SubmitResult(intent=intent()))  # one that was sent says nothing of halts
    assert run.halts == (HALTED,)


def test_only_a_halt_of_the_account_gives_its_exit_code(desk: Desk) -> None:
    run = open_run(desk, Job.RUN_DAILY)
    run.halts = (replace(HALTED, scope=HaltScope.STRATEGY, scope_name="one"),)
    assert run.outcome(RunStatus.RAN, "").codes == frozenset()
    run.halts = (*run.halts, HALTED)
    assert run.outcome(RunStatus.RAN, "").codes == {ExitCode.HALTED}


def test_the_account_is_read_again_once_its_reading_is_too_old(desk: Desk) -> None:
    calls: list[str] = []
    watched = replace(desk, broker=Watched(desk.broker, lambda broker, call, asked: calls.append(call)))
    run = open_run(watched, Job.RECONCILE)
    account = read_account(watched, run)
    assert read_account(watched, run, at_most=timedelta(minutes=1)) == account
    assert calls.count("account") == 1
    read_account(watched, run)
    assert calls.count("account") == 2
    assert run.outcome(RunStatus.RAN, "").account == account


def test_the_end_of_a_run_is_in_the_ledger(house: House, desk: Desk) -> None:
    run = open_run(desk, Job.RECONCILE)
    record(desk, run, lambda: run.outcome(RunStatus.IDLE, "nothing to do"))
    newest = house.rows("SELECT job, status, exit_code, summary FROM runs ORDER BY run_id DESC")[0]
    assert newest == {"job": "reconcile", "status": "idle", "exit_code": 0, "summary": "nothing to do"}


def test_an_exception_is_the_failed_end_of_a_run_and_goes_on(house: House, desk: Desk) -> None:
    def fails() -> Outcome:
        raise BrokerUnavailable("no route to host")

    with pytest.raises(BrokerUnavailable):
        record(desk, open_run(desk, Job.RECONCILE), fails)
    newest = house.rows("SELECT status, exit_code, summary FROM runs ORDER BY run_id DESC")[0]
    summary = "BrokerUnavailable: no route to host"
    assert newest == {"status": "failed", "exit_code": ExitCode.BROKER, "summary": summary}
