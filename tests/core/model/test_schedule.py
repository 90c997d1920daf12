from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from tradebot.core.model.account import SessionHours
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.schedule import SCHEDULED, Job, ScheduleRules, due_jobs, due_time, job_windows, open_window


def hours(session: date, closes: str = "16:00") -> SessionHours:
    def at(clock: str) -> datetime:
        return datetime.combine(session, time.fromisoformat(clock), NEW_YORK).astimezone(UTC)

    return SessionHours(session, at("09:30"), at(closes), half_day=closes != "16:00")


def in_new_york(at: datetime | None) -> str:
    assert at is not None
    return f"{at.astimezone(NEW_YORK):%H:%M}"


@pytest.mark.parametrize(
    "session",
    [date(2007, 1, 3), date(2007, 3, 9), date(2007, 3, 12), date(2007, 11, 2), date(2007, 11, 5)],
    ids=["winter", "before daylight saving", "after it began", "before it ended", "after it ended"],
)
def test_a_whole_day_in_new_york_time(session: date) -> None:
    runs = [(due.job, in_new_york(due.at)) for due in due_jobs(hours(session))]
    assert runs[:3] == [(Job.PREFLIGHT, "09:00"), (Job.RUN_DAILY, "09:35"), (Job.CHECK_EXITS, "09:45")]
    assert runs[-5:-2] == [(Job.CHECK_EXITS, "15:45"), (Job.RECONCILE, "16:05"), (Job.REPORT, "16:15")]
    assert runs[-2:] == [(Job.DIFF, "16:20"), (Job.BACKUP, "16:25")]
    assert len(runs) == 6 + 25


def test_a_half_day_ends_three_hours_earlier() -> None:
    runs = [(due.job, in_new_york(due.at)) for due in due_jobs(hours(date(2007, 11, 23), closes="13:00"))]
    assert runs[-5:-2] == [(Job.CHECK_EXITS, "12:45"), (Job.RECONCILE, "13:05"), (Job.REPORT, "13:15")]
    assert runs[-2:] == [(Job.DIFF, "13:20"), (Job.BACKUP, "13:25")]
    assert len(runs) == 6 + 13


@pytest.mark.parametrize("closes", ["16:00", "13:00"])
def test_the_nominal_time_of_a_job_is_its_last_run_of_the_day(closes: str) -> None:
    session = hours(date(2007, 11, 23), closes)
    for job in SCHEDULED:
        assert due_time(job, session) == max(due.at for due in due_jobs(session) if due.job is job)


def test_runs_are_in_order_and_aware() -> None:
    runs = due_jobs(hours(date(2007, 1, 3)))
    assert [due.at for due in runs] == sorted(due.at for due in runs)
    assert all(due.at.utcoffset() is not None for due in runs)


def test_what_a_person_starts_is_never_due() -> None:
    assert due_time(Job.EMERGENCY_STOP, hours(date(2007, 1, 3))) is None


RULES = ScheduleRules(late_after=timedelta(minutes=15), entry_window=timedelta(minutes=120))


@pytest.mark.parametrize(
    ("closes", "job", "begins", "due", "late", "missed"),
    [
        ("16:00", Job.PREFLIGHT, "08:45", "09:00", "09:15", "09:30"),
        ("16:00", Job.RUN_DAILY, "09:30", "09:35", "09:50", "11:30"),
        ("16:00", Job.CHECK_EXITS, "09:45", "15:45", "16:00", "16:00"),
        ("16:00", Job.RECONCILE, "16:00", "16:05", "16:20", "09:00"),
        ("16:00", Job.DIFF, "16:00", "16:20", "16:35", "09:00"),
        ("16:00", Job.REPORT, "16:00", "16:15", "16:30", "09:00"),
        ("13:00", Job.CHECK_EXITS, "09:45", "12:45", "13:00", "13:00"),
        ("13:00", Job.RECONCILE, "13:00", "13:05", "13:20", "09:00"),
    ],
)
def test_a_window_says_when_a_job_is_due_late_and_missed(
    closes: str, job: Job, begins: str, due: str, late: str, missed: str
) -> None:
    friday, monday = hours(date(2007, 11, 23), closes), hours(date(2007, 11, 26))
    (window,) = [window for window in job_windows(friday, monday.opens, RULES) if window.job is job]
    shown = (window.begins, window.due, window.late, window.missed)
    assert tuple(map(in_new_york, shown)) == (begins, due, late, missed)
    assert window.begins <= window.counts <= window.due < window.late <= window.missed


def test_what_closes_a_session_may_be_done_until_the_next_one_is_prepared() -> None:
    friday, monday = hours(date(2007, 11, 23)), hours(date(2007, 11, 26))
    saturday = datetime(2007, 11, 24, 12, tzinfo=NEW_YORK)
    window = open_window(Job.REPORT, saturday, (friday, monday), RULES)
    assert window is not None
    assert window.session == friday.session
    assert open_window(Job.REPORT, monday.opens, (friday, monday, hours(date(2007, 11, 27))), RULES) is None


def test_a_stale_decision_has_no_window() -> None:
    monday, tuesday = hours(date(2007, 11, 26)), hours(date(2007, 11, 27))
    noon = datetime(2007, 11, 26, 12, tzinfo=NEW_YORK)
    assert open_window(Job.RUN_DAILY, noon, (monday, tuesday), RULES) is None
    wide = ScheduleRules(entry_window=timedelta(minutes=385))
    assert open_window(Job.RUN_DAILY, noon, (monday, tuesday), wide) is not None
