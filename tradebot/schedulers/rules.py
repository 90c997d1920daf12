"""What every scheduler has to start, before it is written in any scheduler's own words.

A job is started on weekdays at each New York time that it may be due at, on whole days and on half days. Which of
these starts are real, the job itself decides by the exchange's calendar (``--scheduled``); so a start too many does no
harm. That is what a scheduler without time zones is given: the host's times for both New York offsets.
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
from tradebot.core.model.schedule import DAY, Job, due_jobs

NEW_YORK_NAME = NEW_YORK.key
WEEKDAYS = frozenset(range(5))  # Monday is 0


@dataclass(frozen=True, slots=True)
class Slot:
    """A moment of the week by somebody's clock; Monday is 0."""

    weekday: int
    hour: int
    minute: int


@dataclass(frozen=True, slots=True)
class Rule:
    """Several moments of the week as a crontab line says them: each weekday at each minute of each hour."""

    weekdays: frozenset[int]
    hours: tuple[int, ...]
    minutes: tuple[int, ...]

    def slots(self) -> frozenset[Slot]:
        return frozenset(Slot(d, h, m) for d in self.weekdays for h in self.hours for m in self.minutes)


@dataclass(frozen=True, slots=True)
class HostZone:
    """The time zone that a host keeps. ``zone`` None is this machine's own, whatever its name."""

    name: str
    zone: tzinfo | None = None

    def slot(self, instant: datetime) -> Slot:
        """An aware instant by the host's clock."""
        local = instant.astimezone(self.zone)
        return Slot(local.weekday(), local.hour, local.minute)


@dataclass(frozen=True, slots=True)
class Setup:
    """What is to be started: the program's absolute path with its first arguments, and where it trades from.

    ``environment`` is what the program needs beside TRADEBOT_HOME; ``image`` is for Kubernetes alone.
    """

    program: tuple[str, ...]
    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    image: str = "tradebot:latest"

    @property
    def name(self) -> str:
        """A name of its own for each home, so that several can be scheduled side by side."""
        return f"tradebot-{sha256(str(self.home).encode()).hexdigest()[:8]}"

    @property
    def variables(self) -> Mapping[str, str]:
        return {"TRADEBOT_HOME": str(self.home), **self.environment}

    @property
    def errors(self) -> Path:
        """Where a scheduler leaves what the program says on standard error."""
        return self.home / "schedule.log"

    def is_named_in(self, command: str) -> bool:
        """Whether a command with its environment names this home, and not one whose path only begins alike."""
        return re.search(rf"{re.escape(str(self.home))}(?![\w/.-])", command) is not None

    def entry(self, job: Job) -> str:
        return f"{self.name}-{job}"

    def command(self, job: Job) -> tuple[str, ...]:
        return (*self.program, job.value, "--scheduled")


@dataclass(frozen=True, slots=True)
class File:
    """A file of a scheduler, by its name in the scheduler's folder."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class ScheduleEntry:
    """A job as a scheduler has it: when it starts it, by whose clock, and the whole command with its environment.

    ``zone`` is the name of the time zone that the scheduler itself keeps for it, "" for the host's.
    """

    job: Job
    slots: frozenset[Slot]
    zone: str
    command: str


def new_york_rule(job: Job) -> Rule:
    """When a job is started, by New York's clock: each hour and minute at which it is due on a whole or a half day."""
    due = [at for closes in (16, 13) for at in _times(job, closes)]
    return Rule(WEEKDAYS, tuple(sorted({at.hour for at in due})), tuple(sorted({at.minute for at in due})))


def host_rules(job: Job, host: HostZone, first: date) -> tuple[Rule, ...]:
    """The same by the host's clock: the moments of the week that a New York time falls on in the year from ``first``.

    Where host and New York change their clocks on different days, or only one does, a time has several.
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


def as_rules(slots: Iterable[Slot]) -> tuple[Rule, ...]:
    """The fewest rules that say exactly these slots, hours with the same days and minutes together."""
    weekdays: dict[tuple[int, int], set[int]] = defaultdict(set)
    for slot in slots:
        weekdays[slot.hour, slot.minute].add(slot.weekday)
    minutes: dict[tuple[frozenset[int], int], set[int]] = defaultdict(set)
    for (hour, minute), days in weekdays.items():
        minutes[frozenset(days), hour].add(minute)
    hours: dict[tuple[frozenset[int], tuple[int, ...]], set[int]] = defaultdict(set)
    for (days_of_hour, hour), of_hour in minutes.items():
        hours[days_of_hour, tuple(sorted(of_hour))].add(hour)
    rules = (Rule(days, tuple(sorted(found)), of_hours) for (days, of_hours), found in hours.items())
    return tuple(sorted(rules, key=lambda rule: (min(rule.weekdays), rule.hours, rule.minutes)))


def jobs() -> tuple[Job, ...]:
    """The jobs that a scheduler starts, in the order of the day."""
    return DAY


def _times(job: Job, closes: int) -> Iterator[time]:
    """A session's times of a job. Its hours stand in UTC here, which only keeps them as they are."""
    monday = date(2024, 1, 1)
    opening, closing = (datetime.combine(monday, at, UTC) for at in (time(9, 30), time(closes)))
    hours = SessionHours(monday, opening, closing)
    return (due.at.time() for due in due_jobs(hours) if due.job is job)
