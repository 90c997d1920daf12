"""launchd agents: a property list a job. launchd keeps the host's time, and starts what was slept through on waking."""

from __future__ import annotations

import plistlib
from collections.abc import Mapping
from datetime import date
from xml.parsers.expat import ExpatError

from tradebot.core.model.schedule import Job
from tradebot.schedulers.rules import File, HostZone, ScheduleEntry, Setup, Slot, host_rules, jobs


def label(setup: Setup, job: Job) -> str:
    return f"com.github.tradebot.{setup.entry(job)}"


def files(setup: Setup, host: HostZone, first: date) -> tuple[File, ...]:
    return tuple(File(f"{label(setup, job)}.plist", _agent(setup, job, host, first)) for job in jobs())


def entries(found: Mapping[str, str], setup: Setup) -> tuple[ScheduleEntry, ...]:
    """Our jobs as agents start them; ``found`` has their texts by name. One that cannot be read starts nothing."""
    made = []
    for job in jobs():
        text = found.get(f"{label(setup, job)}.plist")
        if text is None:
            continue
        try:
            agent = plistlib.loads(text.encode())
        except (ExpatError, plistlib.InvalidFileException, ValueError):
            continue
        variables = (f"{name}={value}" for name, value in agent.get("EnvironmentVariables", {}).items())
        slots = frozenset(
            Slot((start["Weekday"] - 1) % 7, start["Hour"], start["Minute"])
            for start in agent.get("StartCalendarInterval", ())
        )
        made.append(ScheduleEntry(job, slots, "", " ".join((*variables, *agent.get("ProgramArguments", ())))))
    return tuple(made)


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
