"""Entries for the schedulers of hosts: written, installed and verified. They start jobs; the jobs know the calendar."""

from __future__ import annotations

from tradebot.schedulers.install import Installed, SchedulerKind, files_of, install, installed, write
from tradebot.schedulers.rules import File, HostZone, ScheduleEntry, Setup
from tradebot.schedulers.verify import differences

__all__ = [
    "File",
    "HostZone",
    "Installed",
    "ScheduleEntry",
    "SchedulerKind",
    "Setup",
    "differences",
    "files_of",
    "install",
    "installed",
    "write",
]
