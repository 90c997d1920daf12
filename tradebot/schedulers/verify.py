"""What is installed against what should be: judged by what it would start in the sessions of the next year."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tradebot.core.model.account import SessionHours
from tradebot.core.model.schedule import Job, JobWindow, ScheduleRules, job_windows
from tradebot.schedulers.rules import HostZone, ScheduleEntry, Setup, Slot, jobs

_MINUTE = timedelta(minutes=1)


def differences(
    entries: Sequence[ScheduleEntry],
    setup: Setup,
    host: HostZone,
    sessions: Sequence[SessionHours],
    rules: ScheduleRules,
) -> tuple[str, ...]:
    """Everything that is wrong with what is installed, in words; empty when every job is started in time.

    ``sessions`` are those to be judged by, in order; the last of them only ends the one before it.
    """
    found = []
    for job in jobs():
        mine = [entry for entry in entries if entry.job is job]
        if not mine:
            found.append(f"{job}: nothing starts it for {setup.home}")
            continue
        found += _commands(job, mine, setup)
        found += _starts(job, mine, host, sessions, rules)
    return tuple(found)


def _commands(job: Job, entries: Iterable[ScheduleEntry], setup: Setup) -> Iterator[str]:
    for entry in entries:
        words = entry.command
        if not all(word in words for word in setup.program):
            yield f"{job}: starts `{words}`, which is not the program {' '.join(setup.program)}"
        if not setup.is_named_in(words):
            yield f"{job}: acts in another home than {setup.home}: `{words}`"
        if "--scheduled" not in words:
            yield f"{job}: is started without --scheduled, so that it acts at a wrong hour too: `{words}`"


def _starts(
    job: Job, entries: Sequence[ScheduleEntry], host: HostZone, sessions: Sequence[SessionHours], rules: ScheduleRules
) -> Iterator[str]:
    """In which sessions a job would not be started in time."""
    clocks = []
    for entry in entries:
        try:
            clocks.append((entry.slots, HostZone(entry.zone, ZoneInfo(entry.zone)) if entry.zone else host))
        except (ZoneInfoNotFoundError, ValueError):
            yield f"{job}: is started by the clock of {entry.zone}, a time zone that nobody knows"
    unstarted = [
        hours
        for hours, following in pairwise(sessions)
        for window in job_windows(hours, following.opens, rules)
        if window.job is job and not any(_starts_in(window, *clock) for clock in clocks)
    ]
    if unstarted:
        halves = " (half days among them)" if any(hours.half_day for hours in unstarted) else ""
        yield (
            f"{job}: not started in time in {len(unstarted)} of the next {len(sessions) - 1} sessions{halves}, "
            f"first on {unstarted[0].session}; the host's time zone is {host.name}"
        )


def _starts_in(window: JobWindow, slots: frozenset[Slot], host: HostZone) -> bool:
    """Whether one of the slots falls between the minute at which the job is due and the one at which it is late."""
    at = window.due
    while at < window.late:
        if host.slot(at) in slots:
            return True
        at += _MINUTE
    return False
