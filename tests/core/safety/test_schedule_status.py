"""What became of each job, from the runs that there were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradebot.core.model.account import SessionHours
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import DAY, NEEDED, Job, ScheduleRules
from tradebot.core.safety.schedule_status import (
    JobStart,
    JobStatus,
    MissedJob,
    SessionJob,
    missed_jobs,
    missed_text,
    schedule_status,
)

MONDAY, TUESDAY, WEDNESDAY = (date(2007, 11, day) for day in (26, 27, 28))
RAN, IDLE, BLOCKED, FAILED, RUNNING = (
    RunStatus.RAN, RunStatus.IDLE, RunStatus.BLOCKED, RunStatus.FAILED, RunStatus.RUNNING,
)  # fmt: skip


def at(clock: str, day: date = MONDAY) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), NEW_YORK).astimezone(UTC)


SESSIONS = tuple(SessionHours(day, at("09:30", day), at("16:00", day)) for day in (MONDAY, TUESDAY, WEDNESDAY))
THURSDAY = SessionHours(date(2007, 11, 29), at("09:30", date(2007, 11, 29)), at("16:00", date(2007, 11, 29)))
LONG_AGO = at("00:00", date(2007, 1, 1))


def mark(
    job: Job, turns: Sequence[tuple[str, RunStatus]], now: datetime, since: datetime = LONG_AGO
) -> tuple[str, str | None] | None:
    """What became of Monday's job: the mark, and when the run that counts began."""
    runs = [JobStart(job, at(clock), status) for clock, status in turns]
    cells = schedule_status(SESSIONS, runs, now, since, ScheduleRules())
    found = [cell for cell in cells if (cell.session, cell.job) == (MONDAY, job)]
    if not found:
        return None
    began = found[0].at
    return found[0].mark.value, None if began is None else f"{began.astimezone(NEW_YORK):%H:%M}"


@pytest.mark.parametrize(
    ("turns", "now", "expected"),
    [
        ([], "09:00", ("due", None)),
        ([], "09:49", ("due", None)),
        ([], "09:50", ("overdue", None)),
        ([], "11:30", ("missed", None)),
        ([("09:35", RUNNING)], "09:36", ("due", "09:35")),
        ([("09:35", RUNNING)], "11:30", ("failed", "09:35")),
        ([("09:35", RAN)], "11:30", ("ran", "09:35")),
        ([("09:50", RAN)], "11:30", ("late", "09:50")),
        ([("09:35", FAILED)], "09:40", ("failed", "09:35")),
        ([("09:35", FAILED), ("09:40", RAN)], "16:00", ("ran", "09:40")),
        ([("09:35", FAILED), ("10:40", RAN)], "16:00", ("late", "10:40")),
        ([("09:35", RAN), ("09:40", IDLE), ("10:40", FAILED)], "16:00", ("ran", "09:35")),
        ([("09:35", FAILED), ("09:40", BLOCKED)], "16:00", ("blocked", "09:40")),
        ([("09:35", IDLE)], "16:00", ("idle", "09:35")),
        ([("08:35", IDLE)], "16:00", ("missed", None)),
        ([("12:00", IDLE)], "16:00", ("missed", None)),
    ],
)
def test_run_daily(turns: list[tuple[str, RunStatus]], now: str, expected: tuple[str, str | None]) -> None:
    assert mark(Job.RUN_DAILY, turns, at(now)) == expected


def test_a_preflight_that_blocked_was_not_missed() -> None:
    assert mark(Job.PREFLIGHT, [("09:00", BLOCKED)], at("16:00")) == ("blocked", "09:00")


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ([("15:45", RAN)], ("ran", "15:45")),
        ([("09:45", RAN), ("12:00", FAILED), ("15:45", RAN)], ("ran", "15:45")),
        ([("09:45", RAN), ("15:15", RAN)], ("missed", None)),
        ([("15:30", RAN), ("15:45", FAILED)], ("ran", "15:30")),
        ([("15:30", FAILED), ("15:45", FAILED)], ("failed", "15:45")),
    ],
)
def test_of_the_looks_for_exits_the_last_counts(
    turns: list[tuple[str, RunStatus]], expected: tuple[str, str | None]
) -> None:
    assert mark(Job.CHECK_EXITS, turns, at("20:00")) == expected


def test_a_report_of_the_next_morning_is_late_and_a_later_one_is_none() -> None:
    def told(morning: datetime) -> list[SessionJob]:
        cells = schedule_status(
            SESSIONS, [JobStart(Job.REPORT, morning, RAN)], at("10:00", TUESDAY), LONG_AGO, ScheduleRules()
        )
        return [cell for cell in cells if cell.job is Job.REPORT]

    early, too_late = at("08:00", TUESDAY), at("09:00", TUESDAY)
    assert told(early) == [
        SessionJob(MONDAY, Job.REPORT, JobStatus.LATE, early),
        SessionJob(TUESDAY, Job.REPORT, JobStatus.DUE),
    ]
    assert told(too_late) == [
        SessionJob(MONDAY, Job.REPORT, JobStatus.MISSED),
        SessionJob(TUESDAY, Job.REPORT, JobStatus.DUE),
    ]


def test_nothing_was_due_before_the_home_began() -> None:
    since = at("10:00")
    assert mark(Job.RUN_DAILY, [], at("20:00"), since) is None
    assert mark(Job.CHECK_EXITS, [], at("20:00"), since) == ("missed", None)
    assert mark(Job.RUN_DAILY, [("10:01", RAN)], at("20:00"), since) == ("late", "10:01")


def test_diff_is_expected_from_its_first_run_on() -> None:
    """A host whose entries an earlier version wrote does not start it, and nothing is missed."""

    def marks(first: datetime | None, *starts: datetime) -> list[tuple[date, JobStatus]]:
        runs, now = [JobStart(Job.DIFF, start, RAN) for start in starts], at("12:00", WEDNESDAY)
        cells = schedule_status((*SESSIONS, THURSDAY), runs, now, LONG_AGO, ScheduleRules(), diff_since=first)
        return [(cell.session, cell.mark) for cell in cells if cell.job is Job.DIFF]

    assert marks(None) == []
    first = at("16:20")
    assert marks(first, first) == [
        (MONDAY, JobStatus.RAN), (TUESDAY, JobStatus.MISSED), (WEDNESDAY, JobStatus.DUE)
    ]  # fmt: skip
    later = at("16:30", TUESDAY)
    assert marks(later, later) == [(TUESDAY, JobStatus.RAN), (WEDNESDAY, JobStatus.DUE)]


def test_missed_jobs_are_said_by_session() -> None:
    cells = schedule_status(
        SESSIONS, [JobStart(Job.RUN_DAILY, at("09:35", TUESDAY), RAN)], at("12:00", TUESDAY), LONG_AGO, ScheduleRules()
    )
    missed = missed_jobs(cells)
    assert missed_text(missed) == "missed: 2007-11-26 every job; 2007-11-27 preflight"


def test_a_long_absence_is_said_in_a_few_words() -> None:
    missed = [MissedJob(date(2007, 1, day), job) for day in range(1, 21) for job in NEEDED]
    assert missed_text(missed) == (
        "missed: 100 jobs in 20 sessions from 2007-01-01 to 2007-01-20, run-daily in 20 of them"
    )


@given(
    st.lists(st.tuples(st.sampled_from(DAY), st.integers(0, 48 * 60), st.sampled_from(RunStatus))),
    st.integers(0, 48 * 60),
    st.integers(0, 48 * 60),
)
def test_what_is_missed_stays_missed_whatever_runs_later(
    runs: list[tuple[Job, int, RunStatus]], first: int, more: int
) -> None:
    """Nothing is said that has to be taken back; and no job is in two states, or in none."""

    def after(minutes: int) -> datetime:
        return datetime.fromtimestamp(at("00:00").timestamp() + minutes * 60, UTC)

    turns = sorted((JobStart(job, after(minutes), status) for job, minutes, status in runs), key=lambda turn: turn.at)
    early = schedule_status(
        SESSIONS, [t for t in turns if t.at <= after(first)], after(first), LONG_AGO, ScheduleRules(),
        diff_since=LONG_AGO,
    )  # fmt: skip
    later = schedule_status(SESSIONS, turns, after(first + more), LONG_AGO, ScheduleRules(), diff_since=LONG_AGO)
    assert set(missed_jobs(early)) <= set(missed_jobs(later))
    assert [(cell.session, cell.job) for cell in later] == [(day, job) for day in (MONDAY, TUESDAY) for job in DAY]
