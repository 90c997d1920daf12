"""The schedule's own ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.ledger.conftest import ON_A_FILE
from tests.ledger.unguarded import unguarded
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.safety.schedule_status import JobStart, MissedJob, ScheduleClock, TrackingStart
from tradebot.errors import LedgerError
from tradebot.ledger.database import AccountLedger, Database
from tradebot.ledger.verify import verify_ledger

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples

REAL, EXCHANGE = ScheduleClock.REAL, ScheduleClock.EXCHANGE


def test_the_schedule_is_kept_by_each_clock_from_its_own_beginning(ledger: AccountLedger, some: Samples) -> None:
    assert ledger.schedule.tracking_start(REAL) is None
    ledger.schedule.start_tracking(REAL, some.at, some.session)
    ledger.schedule.start_tracking(REAL, some.later(60), some.next_session)
    assert ledger.schedule.tracking_start(REAL) == TrackingStart(some.at, some.session)
    assert ledger.schedule.tracking_start(EXCHANGE) is None


def test_turns_go_by_the_clock_that_the_run_kept(ledger: AccountLedger, some: Samples) -> None:
    wall = some.at + timedelta(days=7000)
    ledger.runs.begin(Job.PREFLIGHT, some.session, some.at, wall, 1, REAL)
    run = ledger.runs.begin(Job.RUN_DAILY, some.session, some.at, wall, 1, EXCHANGE)
    ledger.runs.end(run, RunStatus.RAN, 0, some.at, wall, "")
    assert ledger.schedule.job_starts(REAL, some.at) == (JobStart(Job.PREFLIGHT, wall, RunStatus.RUNNING),)
    assert ledger.schedule.job_starts(EXCHANGE, some.at) == (JobStart(Job.RUN_DAILY, some.at, RunStatus.RAN),)
    assert ledger.schedule.job_starts(EXCHANGE, some.later(1)) == ()


def test_a_mistyped_command_is_no_run_of_its_job(ledger: AccountLedger, some: Samples) -> None:
    for status, code in (RunStatus.FAILED, 2), (RunStatus.FAILED, 6):
        run = ledger.runs.begin(Job.RECONCILE, some.session, some.at, some.at, 1, REAL)
        ledger.runs.end(run, status, code, some.at, some.at, "")
    ledger.runs.begin(Job.REPORT, some.session, some.at, some.at, 1, REAL)
    jobs = [(start.job, start.status) for start in ledger.schedule.job_starts(REAL, some.at)]
    assert jobs == [(Job.RECONCILE, RunStatus.FAILED), (Job.REPORT, RunStatus.RUNNING)]


def test_a_missed_job_is_news_once(ledger: AccountLedger, some: Samples) -> None:
    one, other = MissedJob(some.session, Job.RUN_DAILY), MissedJob(some.session, Job.REPORT)
    ledger.schedule.start_tracking(REAL, some.at, some.session)
    assert ledger.schedule.settle(REAL, [one], some.session, some.at, some.at) == (one,)
    assert ledger.schedule.settle(REAL, [one, other], some.next_session, some.at, some.at) == (other,)
    assert ledger.schedule.missed_jobs(REAL, some.session) == {one, other}
    assert ledger.schedule.missed_jobs(REAL, some.next_session) == frozenset()
    assert ledger.schedule.missed_jobs(EXCHANGE, some.session) == frozenset()
    assert ledger.schedule.tracking_start(REAL) == TrackingStart(some.at, some.next_session)


def test_what_is_settled_stays_settled(ledger: AccountLedger, some: Samples) -> None:
    """When the clock is set back."""
    ledger.schedule.start_tracking(REAL, some.at, some.session)
    ledger.schedule.settle(REAL, [], some.next_session, some.at, some.at)
    ledger.schedule.settle(REAL, [], some.session, some.at, some.at)
    assert ledger.schedule.tracking_start(REAL) == TrackingStart(some.at, some.next_session)


def test_nobody_takes_a_missed_job_back(database: Database, busy: AccountLedger) -> None:
    assert verify_ledger(database) == ()
    for change in ("UPDATE missed SET job = 'report'", "DELETE FROM missed"):
        with pytest.raises(LedgerError, match="append-only"):
            database.engine.execute(change)
    with unguarded(database.engine):
        database.engine.execute("DELETE FROM missed")
    assert verify_ledger(database) != ()


@ON_A_FILE
def test_status_reads_no_more_of_a_long_history(database: Database, ledger: AccountLedger, some: Samples) -> None:
    plan = database.engine.all(
        "EXPLAIN QUERY PLAN SELECT job, turn_at AS at, status FROM runs"
        " WHERE account_key = :account_key AND keeping = :keeping AND turn_at >= :since ORDER BY turn_at, run_id",
        {"account_key": some.account, "keeping": "wall", "since": "2020"},
    )
    assert "USING INDEX runs_turn" in str(plan[0]["detail"])
