"""Schedule entries for the schedulers of the host: written, installed, verified and removed.

An entry starts a job with ``--scheduled``; the job itself checks the exchange calendar.
"""

from __future__ import annotations

from tradebot.schedulers.install import (
    ENTRY_FILE,
    InstalledSchedule,
    SchedulerKind,
    build_files,
    install,
    read_folder,
    read_installed,
    remove,
    remove_files,
    write_files,
)
from tradebot.schedulers.rules import HostZone, ScheduleEntry, SchedulerFile, Setup
from tradebot.schedulers.verify import differences

__all__ = [
    "ENTRY_FILE",
    "HostZone",
    "InstalledSchedule",
    "ScheduleEntry",
    "SchedulerFile",
    "SchedulerKind",
    "Setup",
    "build_files",
    "differences",
    "install",
    "read_folder",
    "read_installed",
    "remove",
    "remove_files",
    "write_files",
]
