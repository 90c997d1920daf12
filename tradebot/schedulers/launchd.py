"""launchd agents (launchd.plist(5)): a property list a job, in the host's time.

launchd runs a missed start when the Mac wakes.
"""

from __future__ import annotations

import plistlib
from collections.abc import Mapping
from datetime import date
from xml.parsers.expat import ExpatError

from tradebot.core.model.schedule import SCHEDULED, Job
from tradebot.schedulers.rules import HostZone, ScheduleEntry, SchedulerFile, Setup, Slot, host_rules


def label(setup: Setup, job: Job) -> str:
    """The label of the agent of a job."""
    return f"com.github.tradebot.{setup.entry(job)}"


def files(setup: Setup, host: HostZone, first: date) -> tuple[SchedulerFile, ...]:
    """A property list for each job, correct for a year from ``first``."""
    return tuple(SchedulerFile(f"{label(setup, job)}.plist", _agent(setup, job, host, first)) for job in SCHEDULED)


def entries(files: Mapping[str, bytes], setup: Setup) -> tuple[ScheduleEntry, ...]:
    """The entries of this home in property lists, given by file name. An unreadable file is no entry."""
    listed = []
    for job in SCHEDULED:
        content = files.get(f"{label(setup, job)}.plist")
        if content is None:
            continue
        try:
            agent = plistlib.loads(content)
        except (ExpatError, plistlib.InvalidFileException, ValueError, LookupError):
            continue
        variables = (f"{name}={value}" for name, value in agent.get("EnvironmentVariables", {}).items())
        slots = frozenset(
            Slot((start["Weekday"] - 1) % 7, start["Hour"], start["Minute"])
            for start in agent.get("StartCalendarInterval", ())
        )
        listed.append(ScheduleEntry(job, slots, "", " ".join((*variables, *agent.get("ProgramArguments", ())))))
    return tuple(listed)


def _agent(setup: Setup, job: Job, host: HostZone, first: date) -> str:
    slots = {slot for rule in host_rules(job, host, first) for slot in rule.slots()}
    ordered = sorted(slots, key=lambda slot: (slot.weekday, slot.hour, slot.minute))
    agent = {
        "Label": label(setup, job),
        "ProgramArguments": list(setup.command(job)),
        "EnvironmentVariables": dict(setup.variables),
        "WorkingDirectory": str(setup.home),
        "StartCalendarInterval": [
            {"Weekday": (slot.weekday + 1) % 7, "Hour": slot.hour, "Minute": slot.minute} for slot in ordered
        ],
        "ExitTimeOut": 300,
        "StandardOutPath": "/dev/null",
        "StandardErrorPath": str(setup.errors),
    }
    return plistlib.dumps(agent, sort_keys=False).decode()
