"""systemd user units: a service and a timer for each job, in New York time (systemd.timer(5), systemd.time(7))."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from tradebot.core.model.schedule import SCHEDULED, Job
from tradebot.schedulers.rules import (
    NEW_YORK_NAME,
    HostZone,
    ScheduleEntry,
    SchedulerFile,
    Setup,
    Slot,
    WeeklyRule,
    new_york_rule,
)

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
#: What a job and the strategies that it runs give up (systemd.exec(5), systemd.kill(5)). Each works in a user's units.
SANDBOX = (
    "KillMode=control-group",
    "NoNewPrivileges=yes",
    "RestrictSUIDSGID=yes",
    "RestrictRealtime=yes",
    "RestrictNamespaces=yes",
    "LockPersonality=yes",
    "SystemCallArchitectures=native",
    "UMask=0077",
)
_CALENDAR = re.compile(r"OnCalendar=(\w+)\.\.(\w+) \*-\*-\* ([\d,.]+):([\d,]+):00 (\S+)")


def files(setup: Setup, host: HostZone, first: date) -> tuple[SchedulerFile, ...]:
    """A service and a timer for each job."""
    return tuple(file for job in SCHEDULED for file in (_service(setup, job), _timer(setup, job)))


def timers(setup: Setup) -> tuple[str, ...]:
    """The names of the timers."""
    return tuple(f"{setup.entry(job)}.timer" for job in SCHEDULED)


def units(setup: Setup) -> tuple[str, ...]:
    """The names of all units."""
    return tuple(f"{setup.entry(job)}.{kind}" for job in SCHEDULED for kind in ("service", "timer"))


def calendar_event(rule: WeeklyRule) -> str:
    """A rule in New York time as a calendar event of systemd.time(7)."""
    first, last = _DAYS[min(rule.weekdays)], _DAYS[max(rule.weekdays)]
    hours = ",".join(f"{hour:02}" for hour in rule.hours)
    minutes = ",".join(f"{minute:02}" for minute in rule.minutes)
    return f"{first}..{last} *-*-* {hours}:{minutes}:00 {NEW_YORK_NAME}"


def entries(units: Mapping[str, bytes], setup: Setup) -> tuple[ScheduleEntry, ...]:
    """The entries of this home in unit files, given by file name."""
    listed = []
    for job in SCHEDULED:
        timer, service = (
            units.get(f"{setup.entry(job)}.{kind}", b"").decode(errors="replace") for kind in ("timer", "service")
        )
        for start in _CALENDAR.finditer(timer):
            listed.append(ScheduleEntry(job, _slots(start), start[5], _unquoted(service)))
    return tuple(listed)


def _service(setup: Setup, job: Job) -> SchedulerFile:
    return SchedulerFile(
        f"{setup.entry(job)}.service",
        "\n".join(
            (
                "[Unit]",
                f"Description=tradebot {job} in {literal(str(setup.home))}",
                "",
                "[Service]",
                "Type=oneshot",
                *(f"Environment={quoted(f'{name}={value}')}" for name, value in setup.variables.items()),
                f"ExecStart={' '.join(quoted(word, command=True) for word in setup.command(job))}",
                "# A job that is asked to end settles the order in flight first.",
                "TimeoutStopSec=300",
                "StandardOutput=null",
                "StandardError=journal",
                "# Nothing that a strategy starts outlives the job or gains rights.",
                *SANDBOX,
                "",
            )
        ),
    )


def _timer(setup: Setup, job: Job) -> SchedulerFile:
    return SchedulerFile(
        f"{setup.entry(job)}.timer",
        "\n".join(
            (
                "[Unit]",
                f"Description=tradebot {job} on the exchange's schedule",
                "",
                "[Timer]",
                f"OnCalendar={calendar_event(new_york_rule(job))}",
                "AccuracySec=1s",
                "# What was slept through is started on waking; the job itself says whether it still makes sense.",
                "Persistent=true",
                "",
                "[Install]",
                "WantedBy=timers.target",
                "",
            )
        ),
    )


def literal(text: str) -> str:
    """A text in which a unit file (systemd.unit(5)) sees no specifier."""
    return text.replace("%", "%%")


def quoted(text: str, *, command: bool = False) -> str:
    """A quoted word of a unit file (systemd.syntax(7)); in a command ``$`` is escaped too."""
    escaped = literal(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped.replace("$", "$$") if command else escaped}"'


def _unquoted(service: str) -> str:
    """The environment and the command of a service as one unquoted line."""
    lines = (text.partition("=")[2] for text in service.splitlines() if text.startswith(("Environment=", "ExecStart=")))
    return " ".join(lines).replace("%%", "%").replace("$$", "$").replace('"', "").replace("\\\\", "\\")


def _slots(start: re.Match[str]) -> frozenset[Slot]:
    if start[1] not in _DAYS or start[2] not in _DAYS:
        return frozenset()
    days = frozenset(range(_DAYS.index(start[1]), _DAYS.index(start[2]) + 1))
    hours, minutes = (tuple(int(number) for number in start[field].split(",")) for field in (3, 4))
    return WeeklyRule(days, hours, minutes).slots()
