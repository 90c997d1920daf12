"""The start times of the jobs, independent of the scheduler.

A job is started on weekdays at every New York time at which it is due on a whole or a half day. With ``--scheduled`` it
checks the exchange calendar and does nothing if it is not due, so that additional starts do no harm. A scheduler
without time zones therefore gets the host's times for every offset between host and New York.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from hashlib import sha256
from pathlib import Path

from tradebot.core.model.account import SessionHours
from tradebot.core.model.exchange_time import NEW_YORK, new_york_instant
from tradebot.core.model.schedule import Job, due_jobs

NEW_YORK_NAME = NEW_YORK.key
WEEKDAYS = frozenset(range(5))  # Monday is 0


@dataclass(frozen=True, slots=True)
class Slot:
    """A minute of the week, in a time zone that the context gives."""

    weekday: int  # Monday is 0
    hour: int
    minute: int


@dataclass(frozen=True, slots=True)
class WeeklyRule:
    """A set of slots, as a crontab line states them: every minute of every hour of every weekday."""

    weekdays: frozenset[int]  # Monday is 0
    hours: tuple[int, ...]
    minutes: tuple[int, ...]

    def slots(self) -> frozenset[Slot]:
        """The slots of the rule."""
        return frozenset(Slot(d, h, m) for d in self.weekdays for h in self.hours for m in self.minutes)


@dataclass(frozen=True, slots=True)
class HostZone:
    """The time zone of a host."""

    name: str
    zone: tzinfo | None = None  # None: the time zone of this machine

    def slot(self, instant: datetime) -> Slot:
        """The slot of an aware instant in this time zone."""
        local = instant.astimezone(self.zone)
        return Slot(local.weekday(), local.hour, local.minute)


@dataclass(frozen=True, slots=True)
class Setup:
    """The program and the home that the entries are made for."""

    program: tuple[str, ...]  # absolute path and first arguments
    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)  # variables besides TRADEBOT_HOME
    image: str = "tradebot:latest"  # for Kubernetes only

    @property
    def name(self) -> str:
        """A name that is unique for the home, so that several homes can be scheduled on one host."""
        return f"tradebot-{sha256(str(self.home).encode(errors='surrogateescape')).hexdigest()[:8]}"

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment variables of a job."""
        return {"TRADEBOT_HOME": str(self.home), **self.environment}

    @property
    def errors(self) -> Path:
        """The file for the standard error of the jobs."""
        return self.home / "schedule.log"

    def is_named_in(self, command: str) -> bool:
        """Whether a command line contains the path of this home, not only a longer path that starts with it."""
        return re.search(rf"{re.escape(str(self.home))}(?![\w/.-])", command) is not None

    def entry(self, job: Job) -> str:
        """The name of the entry of a job."""
        return f"{self.name}-{job}"

    def command(self, job: Job) -> tuple[str, ...]:
        """The command line that starts a job."""
        return (*self.program, job.value, "--scheduled")


@dataclass(frozen=True, slots=True)
class SchedulerFile:
    """A file of a scheduler; ``name`` is relative to the folder of the scheduler."""

    name: str
    text: str  # a byte of a path that is no letter in UTF-8 is a surrogate (PEP 383)
    encoding: str = "utf-8"  # "utf-16" has a byte order mark
    declaration: str = ""  # the first line of the file, which names the encoding

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        errors = "surrogateescape" if self.encoding == "utf-8" else "strict"
        return (self.declaration + self.text).encode(self.encoding, errors)


@dataclass(frozen=True, slots=True)
class ScheduleEntry:
    """An entry of a scheduler."""

    job: Job
    slots: frozenset[Slot]  # the starts, in ``zone``
    zone: str  # name of the time zone of the entry; "" for the host's
    command: str  # the command line with its environment variables


def new_york_rule(job: Job) -> WeeklyRule:
    """The starts of a job in New York time: every hour and minute at which it is due on a whole or a half day."""
    due = [at for closes in (16, 13) for at in _times(job, closes)]
    return WeeklyRule(WEEKDAYS, tuple(sorted({at.hour for at in due})), tuple(sorted({at.minute for at in due})))


def host_rules(job: Job, host: HostZone, first: date) -> tuple[WeeklyRule, ...]:
    """The starts of a job in the host's time: all slots that its New York times have within a year from ``first``.

    A New York time has several slots if host and New York change to daylight saving time on different days.
    """
    rule = new_york_rule(job)
    days = (first + timedelta(days=count) for count in range(366))
    instants = (
        new_york_instant(day, time(hour, minute))
        for day in days
        if day.weekday() in rule.weekdays
        for hour in rule.hours
        for minute in rule.minutes
    )
    return as_rules({host.slot(instant) for instant in instants})


def as_rules(slots: Iterable[Slot]) -> tuple[WeeklyRule, ...]:
    """Rules for exactly these slots; hours with equal weekdays and minutes share a rule."""
    weekdays: dict[tuple[int, int], set[int]] = defaultdict(set)
    for slot in slots:
        weekdays[slot.hour, slot.minute].add(slot.weekday)
    minutes: dict[tuple[frozenset[int], int], set[int]] = defaultdict(set)
    for (hour, minute), days in weekdays.items():
        minutes[frozenset(days), hour].add(minute)
    hours: dict[tuple[frozenset[int], tuple[int, ...]], set[int]] = defaultdict(set)
    for (days_of_hour, hour), of_hour in minutes.items():
        hours[days_of_hour, tuple(sorted(of_hour))].add(hour)
    rules = (WeeklyRule(days, tuple(sorted(group)), of_hours) for (days, of_hours), group in hours.items())
    return tuple(sorted(rules, key=lambda rule: (min(rule.weekdays), rule.hours, rule.minutes)))


def _times(job: Job, closes: int) -> Iterator[time]:
    """The New York times at which a job is due in a session that closes at the hour ``closes``."""
    monday = date(2024, 1, 1)
    # New York times, labelled UTC to be aware: only times of day are read back.
    opening, closing = (datetime.combine(monday, at, UTC) for at in (time(9, 30), time(closes)))
    hours = SessionHours(monday, opening, closing)
    return (due.at.time() for due in due_jobs(hours) if due.job is job)
