"""Thirty-one years of sessions, walked by the entries that schedulers get: each job once a session, none outside."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from tradebot.core.model.account import SessionHours
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.schedule import DAY, Job, JobWindow, ScheduleRules, due_jobs, due_time, open_window
from tradebot.market.calendar import NyseCalendar
from tradebot.schedulers import HostZone, cron
from tradebot.schedulers.rules import host_rules, new_york_rule

RULES = ScheduleRules()
FIRST, LAST = date(2000, 1, 1), date(2030, 12, 31)


@cache
def sessions(first: date, last: date) -> tuple[SessionHours, ...]:
    """The sessions from ``first`` to ``last``, with one more on either side."""
    calendar = NyseCalendar()
    inside = calendar.between(first, last)
    return (calendar.previous(inside[0].session), *inside, calendar.following(inside[-1].session))


def starts_in_new_york(job: Job) -> Iterator[datetime]:
    """Every start of a scheduler that knows time zones."""
    slots = new_york_rule(job).slots()
    today = FIRST
    while today <= LAST:
        for slot in sorted(slots, key=lambda slot: (slot.hour, slot.minute)):
            if slot.weekday == today.weekday():
                yield datetime(today.year, today.month, today.day, slot.hour, slot.minute, tzinfo=NEW_YORK)
        today += timedelta(days=1)


def acted(job: Job, starts: Iterable[datetime], walked: tuple[SessionHours, ...]) -> list[tuple[JobWindow, datetime]]:
    """The starts at which a job that was --scheduled acts: in its window, and once in it but for looks for exits."""
    opens = [hours.opens for hours in walked]
    done: set[date] = set()
    found = []
    for start in starts:
        instant = start.astimezone(UTC)
        before = max(bisect_right(opens, instant) - 1, 0)
        window = open_window(job, instant, walked[before : before + 3], RULES)
        if window is not None and window.session not in done:
            found.append((window, instant))
            if job is not Job.CHECK_EXITS:
                done.add(window.session)
    return found


def expected(job: Job, walked: tuple[SessionHours, ...]) -> list[datetime]:
    """When the job has to act: as often as it is due, at the very minute."""
    return [due.at for hours in walked for due in due_jobs(hours) if due.job is job]


@pytest.mark.parametrize("job", DAY)
def test_every_session_from_2000_to_2030_has_its_jobs_and_no_other_day_has_any(job: Job) -> None:
    walked = sessions(FIRST, LAST)
    found = acted(job, starts_in_new_york(job), walked)
    assert [at for _, at in found] == expected(job, walked[1:-1])
    if job is not Job.CHECK_EXITS:
        assert max(Counter(window.session for window, _ in found).values()) == 1
    assert len({window.session for window, _ in found}) == len(walked) - 2


def test_half_days_and_both_changes_of_the_clocks_are_among_them() -> None:
    walked = sessions(FIRST, LAST)[1:-1]
    assert sum(hours.half_day for hours in walked) > 60
    openings = {hours.opens.hour for hours in walked}
    assert openings == {13, 14}  # UTC
    assert all(due_time(Job.RECONCILE, hours) == hours.closes + timedelta(minutes=5) for hours in walked)


@pytest.mark.parametrize(
    "zone",
    ["America/New_York", "UTC", "Europe/Berlin", "America/Los_Angeles", "America/Phoenix", "Asia/Kathmandu",
     "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland", "America/Sao_Paulo"],
)  # fmt: skip
def test_the_lines_of_a_crontab_do_the_same_in_whatever_zone_the_host_is(zone: str) -> None:
    """Read and walked by somebody else's cron: cronsim, which goes through clock changes as Debian's does."""
    first, last = date(2026, 1, 1), date(2027, 3, 31)
    walked = sessions(first, last)
    host, here = HostZone(zone, ZoneInfo(zone)), ZoneInfo(zone)
    begin, end = walked[0].closes - timedelta(hours=1), walked[-1].opens - timedelta(hours=1)
    for job in (Job.PREFLIGHT, Job.RUN_DAILY, Job.RECONCILE, Job.REPORT):
        lines = [cron.cron_line(rule, "true").rsplit(maxsplit=1)[0] for rule in host_rules(job, host, date(2026, 5, 1))]
        starts = sorted(at for line in lines for at in _until(line, begin.astimezone(here), end))
        found = [at for window, at in acted(job, starts, walked) if first <= window.session <= last]
        assert found == expected(job, walked[1:-1]), job


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Australia/Lord_Howe"])
def test_no_look_for_exits_is_left_out(zone: str) -> None:
    walked = sessions(date(2026, 3, 1), date(2026, 4, 15))
    host, here = HostZone(zone, ZoneInfo(zone)), ZoneInfo(zone)
    lines = [
        cron.cron_line(rule, "true").rsplit(maxsplit=1)[0]
        for rule in host_rules(Job.CHECK_EXITS, host, date(2026, 1, 1))
    ]
    begin, end = walked[1].opens - timedelta(hours=3), walked[-1].opens - timedelta(hours=3)
    starts = sorted(at for line in lines for at in _until(line, begin.astimezone(here), end))
    assert [at for _, at in acted(Job.CHECK_EXITS, starts, walked)] == expected(Job.CHECK_EXITS, walked[1:-1])


def _until(line: str, begin: datetime, end: datetime) -> Iterator[datetime]:
    for at in CronSim(line, begin):
        if at >= end:
            return
        yield at


def test_sessions_follow_one_another() -> None:
    assert all(one.closes < other.opens for one, other in pairwise(sessions(FIRST, LAST)))
