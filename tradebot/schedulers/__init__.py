"""Entries for the schedulers of hosts: written, installed and verified. They start jobs; the jobs know the calendar."""

from __future__ import annotations

from tradebot.schedulers.install import Installed, Kind, files_of, install, installed, write
from tradebot.schedulers.rules import Entry, File, HostZone, Setup
from tradebot.schedulers.verify import differences

__all__ = [
    "Entry",
    "File",
    "HostZone",
    "Installed",
    "Kind",
    "Setup",
    "differences",
    "files_of",
    "install",
    "installed",
    "write",
]
