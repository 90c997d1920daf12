"""Schedule entries for the schedulers of the host: written, installed, verified and removed.

An entry starts a job with ``--scheduled``; the job itself checks the exchange calendar.
"""

from __future__ import annotations

from tradebot.schedulers.host_tools import different_files, write_files
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
)
from tradebot.schedulers.install_server import install_server, remove_server, server_files, server_problems
from tradebot.schedulers.rules import HostZone, ScheduleEntry, SchedulerFile, Setup
from tradebot.schedulers.server_files import ServerSetup
from tradebot.schedulers.verify import differences

__all__ = [
    "ENTRY_FILE",
    "HostZone",
    "InstalledSchedule",
    "ScheduleEntry",
    "SchedulerFile",
    "SchedulerKind",
    "ServerSetup",
    "Setup",
    "build_files",
    "differences",
    "different_files",
    "install",
    "install_server",
    "read_folder",
    "read_installed",
    "remove",
    "remove_files",
    "remove_server",
    "server_files",
    "server_problems",
    "write_files",
]
