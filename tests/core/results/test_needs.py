"""What needs the operator, and what to do about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.core.builders import TODAY, D
from tradebot.core.model.breaks import Break, BreakKind, BreakSeverity
from tradebot.core.model.schedule import Job
from tradebot.core.results.needs import Closing, Need, find_needs
from tradebot.core.safety.schedule_status import JobStatus, SessionJob
from tradebot.core.safety.stop_coverage import Gap, GapKind

BREAK = Break(BreakKind.MISSING_THERE, "AAPL", D(10), D(0), "AAPL: the ledger has 10 shares, the broker none")


def test_what_is_as_it_should_be_needs_nobody() -> None:
    fine = (JobStatus.RAN, JobStatus.LATE, JobStatus.IDLE, JobStatus.DUE)
    assert find_needs((), (), (SessionJob(TODAY, Job.REPORT, mark) for mark in fine), ()) == ()


def test_shares_without_their_stop_come_first() -> None:
    gap = Gap(GapKind.MISSING, "trend", "AAPL", D(100), D(0), D(49), D(5100))
    first, *others = find_needs((BREAK,), (gap,), (), (("MSFT does not trade", "ask the broker"),))
    what = "AAPL: the stop of 100 shares is missing, $5,100.00 without one"
    assert first == Need(what, "`tradebot check-exits` places it")
    assert [each.what for each in others] == [BREAK.message, "MSFT does not trade"]


@pytest.mark.parametrize(
    ("opens", "when"),
    [
        (datetime(2007, 1, 5, 14, 30, tzinfo=UTC), "is queued for the open, 2007-01-05 09:30 EST"),
        (None, "is at work"),
    ],
)
def test_shares_whose_close_is_sent_need_no_stop_and_are_not_called_protected(
    opens: datetime | None, when: str
) -> None:
    gap = Gap(GapKind.MISSING, "trend", "AAPL", D(100), D(0), D(49), D(5100))
    (need,) = find_needs((), (gap,), (), (), Closing({"AAPL": D(100)}, opens))
    what = f"AAPL: a sell at the market of 100 shares {when}; nothing protects them until it fills, $5,100.00"
    assert (need.what, need.urgent) == (what, False)
    assert "check-exits" not in need.do
    (need,) = find_needs((), (gap,), (), (), Closing({"AAPL": D(99)}, opens))
    assert need.do == "`tradebot check-exits` places it", "a share of it is not sold"


def test_a_difference_that_one_look_has_shown_may_settle_by_itself() -> None:
    (need,) = find_needs((replace(BREAK, confirmed=False),), (), (), ())
    assert (need.what, need.urgent) == (f"seen once, not confirmed: {BREAK.message}", False)


def test_a_difference_that_is_mere_information_needs_nobody() -> None:
    assert find_needs((replace(BREAK, severity=BreakSeverity.INFO),), (), (), ()) == ()


@pytest.mark.parametrize(
    ("mark", "what", "do"),
    [
        (JobStatus.FAILED, "run-daily of {} failed", "`tradebot status --full` says why"),
        (JobStatus.BLOCKED, "run-daily of {} was blocked", "`tradebot status --full` says why"),
        (JobStatus.OVERDUE, "run-daily of {} has not begun", "`tradebot run-daily`"),
    ],
)
def test_a_job_whose_work_is_not_done_is_told(mark: JobStatus, what: str, do: str) -> None:
    assert find_needs((), (), (SessionJob(TODAY, Job.RUN_DAILY, mark),), ()) == (Need(what.format(TODAY), do),)


def test_missed_jobs_are_told_together() -> None:
    jobs = [SessionJob(TODAY - timedelta(days=days), job, JobStatus.MISSED) for days in (1, 0) for job in (Job.REPORT,)]
    (need,) = find_needs((), (), jobs, ())
    assert need.what == f"missed: {TODAY - timedelta(days=1)} report; {TODAY} report"
