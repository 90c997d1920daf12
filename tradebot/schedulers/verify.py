"""Verification of installed entries: every job must be started in time in every session of the next year."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tradebot.core.model.account import SessionHours
from tradebot.core.model.schedule import SCHEDULED, Job, JobWindow, ScheduleRules, job_window
from tradebot.schedulers.rules import HostZone, ScheduleEntry, Setup, Slot

_MINUTE = timedelta(minutes=1)


def differences(
    entries: Sequence[ScheduleEntry],
    setup: Setup,
    host: HostZone,
    sessions: Sequence[SessionHours],
    rules: ScheduleRules,
) -> tuple[str, ...]:
    """The problems of the installed entries as text; none if every job is started in time.

    sessions: the sessions to verify, in order. The last one only ends the window of the one before it.
    """
    problems = []
    for job in SCHEDULED:
        own = [entry for entry in entries if entry.job is job]
        if not own:
            problems.append(f"{job}: nothing starts it for {setup.home}")
            continue
        problems += _command_problems(job, own, setup)
        problems += _start_problems(job, own, host, sessions, rules)
    return tuple(problems)


def _command_problems(job: Job, entries: Iterable[ScheduleEntry], setup: Setup) -> Iterator[str]:
    for command in (entry.command for entry in entries):
        if not all(word in command for word in setup.program):
            yield f"{job}: starts `{command}`, which is not the program {' '.join(setup.program)}"
        if not setup.is_named_in(command):
            yield f"{job}: acts in another home than {setup.home}: `{command}`"
        if "--scheduled" not in command and job is not Job.BACKUP:
            yield f"{job}: is started without --scheduled, so that it acts at a wrong hour too: `{command}`"


def _start_problems(
    job: Job, entries: Sequence[ScheduleEntry], host: HostZone, sessions: Sequence[SessionHours], rules: ScheduleRules
) -> Iterator[str]:
    """The unknown time zones, and the sessions in which the job is not started in time."""
    starts = []
    for entry in entries:
        try:
            starts.append((entry.slots, HostZone(entry.zone, ZoneInfo(entry.zone)) if entry.zone else host))
        except (ZoneInfoNotFoundError, ValueError):
            yield f"{job}: is started by the clock of {entry.zone}, a time zone that nobody knows"
    unstarted = [
        hours
        for hours, following in pairwise(sessions)
        if not any(_starts_in(job_window(job, hours, following.opens, rules), *start) for start in starts)
    ]
    if unstarted:
        halves = " (half days among them)" if any(hours.half_day for hours in unstarted) else ""
        yield (
            f"{job}: not started in time in {len(unstarted)} of the next {len(sessions) - 1} sessions{halves}, "
            f"first on {unstarted[0].session}; the host's time zone is {host.name}"
        )


def _starts_in(window: JobWindow, slots: frozenset[Slot], host: HostZone) -> bool:
    """Whether one of the slots lies between the minute at which the job is due and the minute at which it is late."""
    at = window.due
    while at < window.late:
        if host.slot(at) in slots:
            return True
        at += _MINUTE
    return False
