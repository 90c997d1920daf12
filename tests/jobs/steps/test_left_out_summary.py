"""The summary of a report that was cut off comes with the next job."""

from __future__ import annotations

import pytest

from tests.jobs.conftest import CopyHouse
from tests.jobs.house import House
from tests.jobs.two_sessions import traded_two_sessions
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.results.report_periods import AskedPeriod, Period
from tradebot.jobs import report
from tradebot.jobs.daily_summary import raise_late
from tradebot.jobs.steps.left_out_summary import left_out
from tradebot.jobs.steps.period_figures import no_prices


@pytest.fixture
def traded(copy_house: CopyHouse) -> House:
    return copy_house(traded_two_sessions)


def cut_off(house: House, status: RunStatus = RunStatus.RUNNING) -> None:
    """The report of the session begins, and is killed before its summary, or fails."""
    with house.desk("16:15") as desk:
        runs, clock = desk.ledger.runs, desk.clock
        session = desk.broker.clock().session
        run_id = runs.begin(Job.REPORT, session, clock.now(), clock.wall(), 1)
        if status is not RunStatus.RUNNING:
            runs.end(run_id, status, 6, clock.now(), clock.wall(), "no answer")


def next_job(house: House) -> bool:
    """A job of the next session ends."""
    with house.desk("09:00") as desk:
        session = left_out(desk)
        if session is None:
            return False
        return raise_late(desk, session, no_prices(), lambda outcome: lambda name: f"kept-{name}")


@pytest.mark.parametrize("status", [RunStatus.RUNNING, RunStatus.FAILED])
def test_the_summary_of_a_report_that_was_cut_off_comes_with_the_next_job_once(
    traded: House, status: RunStatus
) -> None:
    cut_off(traded, status)
    with traded.desk("16:20") as desk:
        assert left_out(desk) is None, "the report may be run again on its day"
    traded.next()
    assert next_job(traded)
    assert not next_job(traded)
    (told,) = traded.rows("SELECT title, message, key FROM alerts WHERE kind = 'summary'")
    assert told["title"].startswith("2007-01-08: +$650.00, 1 bought, 2 sold")
    assert told["key"] == "summary:2007-01-08"
    assert "bought 50 COAL at 100.00" in told["message"]


def test_a_report_that_ended_leaves_nothing_to_the_next_job(traded: House) -> None:
    cut_off(traded)
    with traded.desk("16:20") as desk:
        report.run(desk, AskedPeriod(Period.DAY))
    traded.next()
    assert not next_job(traded)


def test_who_wants_no_summary_gets_no_late_one(traded: House) -> None:
    cut_off(traded)
    traded.set(DAILY_SUMMARY="off")
    traded.next()
    assert not next_job(traded)
