"""Entries for the schedulers of hosts: written, installed and verified. They start jobs; the jobs know the calendar."""

from __future__ import annotations

from tradebot.schedulers.entries import Entry, File, HostZone, Setup
from tradebot.schedulers.installing import Installed, Kind, files_of, install, installed, write
from tradebot.schedulers.verifying import differences

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
