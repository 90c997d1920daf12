"""The runs of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tradebot.core.model.ledger_rows import Run, RunStatus
from tradebot.core.model.schedule import Job
from tradebot.errors import ExitCode, LedgerError
from tradebot.ledger.database import AccountLedger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples


def test_a_run_is_remembered_from_its_beginning_to_its_end(ledger: AccountLedger, some: Samples) -> None:
    run_id = ledger.runs.begin(Job.RUN_DAILY, some.session, some.at, some.later(1), 4711)
    begun = Run(run_id, Job.RUN_DAILY, some.session, RunStatus.RUNNING, None, some.at, None, some.later(1), None, 4711)
    assert ledger.runs.of_session(some.session) == (begun,)

    ledger.runs.end(run_id, RunStatus.RAN, 7, some.later(2), some.later(3), "2 orders, 1 break")
    (ended,) = ledger.runs.of_session(some.session)
    assert (ended.status, ended.exit_code, ended.summary) == (RunStatus.RAN, 7, "2 orders, 1 break")
    assert (ended.ended_at, ended.ended_wall) == (some.later(2), some.later(3))


def test_ids_count_up_and_runs_come_in_order(ledger: AccountLedger, some: Samples) -> None:
    ids = [ledger.runs.begin(job, some.session, some.at, some.at, 1) for job in (Job.REPORT, Job.PREFLIGHT)]
    assert ids == [1, 2]
    assert [run.job for run in ledger.runs.of_session(some.session)] == [Job.REPORT, Job.PREFLIGHT]


def test_the_last_run_of_each_job(ledger: AccountLedger, some: Samples) -> None:
    for job in (Job.PREFLIGHT, Job.RUN_DAILY, Job.PREFLIGHT):
        ledger.runs.begin(job, some.session, some.at, some.at, 1)
    ledger.runs.begin(Job.RESUME, None, some.at, some.at, 1)
    assert [(run.job, run.run_id) for run in ledger.runs.last_of_each_job()] == [
        (Job.PREFLIGHT, 3),
        (Job.RUN_DAILY, 2),
        (Job.RESUME, 4),
    ]


def test_a_run_of_another_session_is_not_of_this_one(ledger: AccountLedger, some: Samples) -> None:
    ledger.runs.begin(Job.RUN_DAILY, some.next_session, some.at, some.at, 1)
    assert ledger.runs.of_session(some.session) == ()


def test_a_run_ends_once(ledger: AccountLedger, some: Samples) -> None:
    run_id = ledger.runs.begin(Job.REPORT, some.session, some.at, some.at, 1)
    ledger.runs.end(run_id, RunStatus.IDLE, 0, some.at, some.at, "")
    with pytest.raises(LedgerError, match=f"Run {run_id} is not running"):
        ledger.runs.end(run_id, RunStatus.RAN, 0, some.at, some.at, "")
    with pytest.raises(LedgerError, match="Run 99 is not running"):
        ledger.runs.end(99, RunStatus.RAN, 0, some.at, some.at, "")


def test_the_newest_runs_of_a_job_that_ended_as_is_asked(ledger: AccountLedger, some: Samples) -> None:
    for job, status in (
        (Job.CHECK_EXITS, RunStatus.FAILED),
        (Job.CHECK_EXITS, RunStatus.IDLE),
        (Job.RUN_DAILY, RunStatus.FAILED),
        (Job.CHECK_EXITS, RunStatus.RAN),
    ):
        ledger.runs.end(ledger.runs.begin(job, some.session, some.at, some.at, 1), status, 0, some.at, some.at, "")
    wanted = (RunStatus.RAN, RunStatus.FAILED)
    assert [run.run_id for run in ledger.runs.newest(Job.CHECK_EXITS, wanted, 5)] == [4, 1]
    assert [run.run_id for run in ledger.runs.newest(Job.CHECK_EXITS, wanted, 1)] == [4]
    assert list(ledger.runs.newest(Job.REPORT, wanted, 5)) == []


def test_runs_that_ended_with_a_code_are_left_out_however_many(ledger: AccountLedger, some: Samples) -> None:
    codes = (6, 2, 143, 2, 2, 130, 6)
    for code in codes:
        run_id = ledger.runs.begin(Job.RECONCILE, some.session, some.at, some.at, 1)
        ledger.runs.end(run_id, RunStatus.FAILED, code, some.at, some.at, "")
    ledger.runs.begin(Job.RECONCILE, some.session, some.at, some.at, 1)
    newest = ledger.runs.newest(
        Job.RECONCILE, tuple(RunStatus), 3, without=(ExitCode.USAGE, ExitCode.INTERRUPTED, ExitCode.TERMINATED)
    )
    assert [run.exit_code for run in newest] == [None, 6, 6]
