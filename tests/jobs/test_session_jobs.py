"""jobs: when each job of the newest session is due, and what became of it."""

from __future__ import annotations

from datetime import date, time

from tests.jobs.conftest import MakeHouse
from tradebot.core.model.exchange_time import new_york_instant
from tradebot.core.model.schedule import Job
from tradebot.core.results.job_lines import SessionJobs
from tradebot.core.safety.schedule_status import JobStatus
from tradebot.jobs import session_jobs
from tradebot.reports.pages.risk import jobs_page

FIRST = date(2007, 1, 4)


def test_each_job_of_the_session_has_its_time_its_run_and_its_end(make_house: MakeHouse) -> None:
    house = make_house()
    house.daily()
    with house.ledger_alone() as desk:
        found = session_jobs.run(desk)
    assert found.session == FIRST
    by_job = {line.job: line for line in found.lines}
    ran, due = by_job[Job.RUN_DAILY], by_job[Job.REPORT]
    assert (ran.mark, ran.due_at, ran.run_code) == (JobStatus.RAN, new_york_instant(FIRST, time(9, 35)), 0)
    assert ran.began_at == ran.due_at
    assert "traded" in ran.run_summary
    assert (due.mark, due.due_at, due.began_at, due.run_code) == (
        JobStatus.DUE, new_york_instant(FIRST, time(16, 15)), None, None,
    )  # fmt: skip
    assert found.overdue == ()
    assert "run-daily" in str(jobs_page(found))


def test_before_the_first_run_every_job_waits(make_house: MakeHouse) -> None:
    with make_house().ledger_alone() as desk:
        found = session_jobs.run(desk)
    assert {(line.mark, line.began_at, line.run_code) for line in found.lines} <= {(JobStatus.DUE, None, None)}
    empty = SessionJobs(None, found.now, ())
    assert "no session has begun" in str(jobs_page(empty))
