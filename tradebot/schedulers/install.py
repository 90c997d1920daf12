"""Installation of schedule entries, reading them back and removing them, with the tool of each scheduler."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path

from tradebot.core.model.schedule import SCHEDULED, Job
from tradebot.home.output_files import Kind
from tradebot.schedulers import cron, kubernetes, launchd, systemd, windows
from tradebot.schedulers.host_tools import delete, read_files, run_tool, user_agents, user_units, write_files
from tradebot.schedulers.rules import HostZone, ScheduleEntry, SchedulerFile, Setup

_OURS = re.compile(
    rb'\A# >>> tradebot-|^Description=tradebot |>com\.github\.tradebot\.|<Description>tradebot |name: "tradebot-',
    re.MULTILINE,
)
#: The files that ``write_files`` writes, in any encoding.
ENTRY_FILE = Kind("an entry for tradebot", lambda head: _OURS.search(head.replace(b"\0", b"")) is not None)


class SchedulerKind(StrEnum):
    """The supported schedulers."""

    CRON = "cron"
    SYSTEMD = "systemd"
    LAUNCHD = "launchd"
    WINDOWS = "windows"
    KUBERNETES = "kubernetes"


@dataclass(frozen=True, slots=True)
class InstalledSchedule:
    """The installed entries of a home."""

    entries: tuple[ScheduleEntry, ...]
    problems: tuple[str, ...] = ()  # reasons why the scheduler does not start them


def build_files(kind: SchedulerKind, setup: Setup, host: HostZone, first: date) -> tuple[SchedulerFile, ...]:
    """The files of a scheduler, correct for a year from ``first``."""
    builders: Mapping[SchedulerKind, Callable[[Setup, HostZone, date], tuple[SchedulerFile, ...]]] = {
        SchedulerKind.CRON: cron.files,
        SchedulerKind.SYSTEMD: systemd.files,
        SchedulerKind.LAUNCHD: launchd.files,
        SchedulerKind.WINDOWS: windows.files,
        SchedulerKind.KUBERNETES: kubernetes.files,
    }
    return builders[kind](setup, host, first)


def install(kind: SchedulerKind, setup: Setup, files: Sequence[SchedulerFile]) -> tuple[str, ...]:
    """Install the entries; returns lines for people. Raises ConfigError if the scheduler's tool is missing or fails."""
    return _INSTALL[kind](setup, files)


def remove(kind: SchedulerKind, setup: Setup) -> int:
    """Remove the entries that ``install`` made for this home, and leave all others. Returns how many there were.

    Raises ConfigError if the scheduler's tool is missing or fails.
    """
    return _REMOVE[kind](setup)


def remove_files(files: Sequence[SchedulerFile], setup: Setup, folder: Path) -> tuple[Path, ...]:
    """Remove what ``write_files`` wrote into a folder for this home, and return the paths. Raises ConfigError."""
    there = read_files(folder, [file.name for file in files])
    ours = [name for name, content in there.items() if setup.name in name or setup.name.encode() in content]
    delete(folder, ours)
    return tuple(folder / name for name in ours)


def read_installed(kind: SchedulerKind, setup: Setup) -> InstalledSchedule:
    """The installed entries of the home. Raises ConfigError if the scheduler's tool is missing or fails."""
    return _INSTALLED[kind](setup)


def read_folder(kind: SchedulerKind, setup: Setup, folder: Path) -> tuple[ScheduleEntry, ...] | None:
    """The entries of the home in the files of a folder; None for Kubernetes, whose YAML nothing here reads."""
    files = read_files(folder, [path.name for path in folder.glob("*")])
    match kind:
        case SchedulerKind.CRON:
            return cron.entries(files.get("crontab", b"").decode(errors="surrogateescape"), setup)
        case SchedulerKind.SYSTEMD:
            return systemd.entries(files, setup)
        case SchedulerKind.LAUNCHD:
            return launchd.entries(files, setup)
        case SchedulerKind.WINDOWS:
            return windows.entries(files, setup)
        case SchedulerKind.KUBERNETES:
            return None


def _install_cron(setup: Setup, files: Sequence[SchedulerFile]) -> tuple[str, ...]:
    run_tool("crontab", "-", stdin=cron.merged(_crontab(), setup, files[0].text))
    return ("the lines of this home are in the crontab of this user",)


def _installed_cron(setup: Setup) -> InstalledSchedule:
    entries = cron.entries(_crontab(), setup)
    if not any(entry.zone for entry in entries) or "cronie" in run_tool("crontab", "-V", must_succeed=False):
        return InstalledSchedule(entries)
    problem = "the crontab counts on CRON_TZ, which this cron does not obey: its lines mean the host's time"
    return InstalledSchedule(tuple(replace(entry, zone="") for entry in entries), (problem,))


def _crontab() -> str:
    return run_tool("crontab", "-l", empty_error="no crontab for")


def _remove_cron(setup: Setup) -> int:
    before = _crontab()
    after = cron.without(before, setup)
    if after == before:
        return 0
    run_tool("crontab", "-", stdin=after)
    return len(cron.entries(before, setup)) - len(cron.entries(after, setup))


def _install_systemd(setup: Setup, files: Sequence[SchedulerFile]) -> tuple[str, ...]:
    write_files(files, user_units())
    run_tool("systemctl", "--user", "daemon-reload")
    run_tool("systemctl", "--user", "enable", "--now", *systemd.timers(setup))
    return (
        f"{len(files)} units are in {user_units()}, their timers enabled",
        "they run only while you are logged in, unless `loginctl enable-linger` was called for this user",
    )


def _installed_systemd(setup: Setup) -> InstalledSchedule:
    units = read_files(user_units(), systemd.units(setup))
    problems = [
        f"{name} is {state or 'not known to systemd'}: `systemctl --user enable --now {name}`"
        for name in systemd.timers(setup)
        if name in units
        and (state := run_tool("systemctl", "--user", "is-enabled", name, must_succeed=False).strip()) != "enabled"
    ]
    return InstalledSchedule(systemd.entries(units, setup), tuple(problems))


def _remove_systemd(setup: Setup) -> int:
    there = [name for name in systemd.units(setup) if (user_units() / name).exists()]
    if not there:
        return 0
    run_tool("systemctl", "--user", "disable", "--now", *systemd.timers(setup), must_succeed=False)
    delete(user_units(), there)
    run_tool("systemctl", "--user", "daemon-reload")
    return sum(name.endswith(".timer") for name in there)


def _install_launchd(setup: Setup, files: Sequence[SchedulerFile]) -> tuple[str, ...]:
    domain = f"gui/{os.getuid()}"
    for job, path in zip(SCHEDULED, write_files(files, user_agents()), strict=True):
        _unload(setup, job)
        run_tool("launchctl", "bootstrap", domain, str(path))
    return (f"{len(files)} agents are in {user_agents()}, and loaded",)


def _unload(setup: Setup, job: Job) -> None:
    """Unload the agent of a job, if it is loaded."""
    run_tool("launchctl", "bootout", f"gui/{os.getuid()}/{launchd.label(setup, job)}", must_succeed=False)


def _remove_launchd(setup: Setup) -> int:
    for job in SCHEDULED:
        _unload(setup, job)
    return delete(user_agents(), [f"{launchd.label(setup, job)}.plist" for job in SCHEDULED])


def _installed_launchd(setup: Setup) -> InstalledSchedule:
    agents = read_files(user_agents(), [f"{launchd.label(setup, job)}.plist" for job in SCHEDULED])
    loaded = {line.split("\t")[-1] for line in run_tool("launchctl", "list").splitlines()}
    problems = [
        f"{name} is not loaded: `launchctl bootstrap gui/{os.getuid()} {user_agents() / name}`"
        for name in agents
        if name.removesuffix(".plist") not in loaded
    ]
    return InstalledSchedule(launchd.entries(agents, setup), tuple(problems))


def _install_windows(setup: Setup, files: Sequence[SchedulerFile]) -> tuple[str, ...]:
    paths = write_files(files, setup.home / "state" / "schedule")
    for job, path in zip(SCHEDULED, paths, strict=True):
        run_tool("schtasks", "/Create", "/TN", windows.task(setup, job), "/XML", str(path), "/F")
    return (f"{len(files)} tasks are in the folder tradebot of the Task Scheduler",)


def _installed_windows(setup: Setup) -> InstalledSchedule:
    tasks = {f"{setup.entry(job)}.xml": windows.printed(text) for job in SCHEDULED if (text := _task_xml(setup, job))}
    return InstalledSchedule(windows.entries(tasks, setup))


def _task_xml(setup: Setup, job: Job) -> str:
    """The task of a job as the tool prints it; "" for none."""
    return run_tool("schtasks", "/Query", "/TN", windows.task(setup, job), "/XML", must_succeed=False).strip()


def _remove_windows(setup: Setup) -> int:
    tasks = [windows.task(setup, job) for job in SCHEDULED if _task_xml(setup, job)]
    for name in tasks:
        run_tool("schtasks", "/Delete", "/TN", name, "/F")
    delete(setup.home / "state" / "schedule", [f"{setup.entry(job)}.xml" for job in SCHEDULED])
    return len(tasks)


def _install_kubernetes(setup: Setup, files: Sequence[SchedulerFile]) -> tuple[str, ...]:
    run_tool("kubectl", "apply", "-f", "-", stdin=files[0].text)
    return (
        f"{len(SCHEDULED)} CronJobs are applied",
        f"they need the volume claim {setup.name}, which holds the home, in the same namespace",
    )


def _installed_kubernetes(setup: Setup) -> InstalledSchedule:
    output = run_tool("kubectl", "get", "cronjobs", "-l", f"app={setup.name}", "-o", "json")
    return InstalledSchedule(kubernetes.entries(output, setup))


def _remove_kubernetes(setup: Setup) -> int:
    return len(run_tool("kubectl", "delete", "cronjobs", "-l", f"app={setup.name}", "-o", "name").split())


_INSTALL: Mapping[SchedulerKind, Callable[[Setup, Sequence[SchedulerFile]], tuple[str, ...]]] = {
    SchedulerKind.CRON: _install_cron,
    SchedulerKind.SYSTEMD: _install_systemd,
    SchedulerKind.LAUNCHD: _install_launchd,
    SchedulerKind.WINDOWS: _install_windows,
    SchedulerKind.KUBERNETES: _install_kubernetes,
}
_INSTALLED: Mapping[SchedulerKind, Callable[[Setup], InstalledSchedule]] = {
    SchedulerKind.CRON: _installed_cron,
    SchedulerKind.SYSTEMD: _installed_systemd,
    SchedulerKind.LAUNCHD: _installed_launchd,
    SchedulerKind.WINDOWS: _installed_windows,
    SchedulerKind.KUBERNETES: _installed_kubernetes,
}

_REMOVE: Mapping[SchedulerKind, Callable[[Setup], int]] = {
    SchedulerKind.CRON: _remove_cron,
    SchedulerKind.SYSTEMD: _remove_systemd,
    SchedulerKind.LAUNCHD: _remove_launchd,
    SchedulerKind.WINDOWS: _remove_windows,
    SchedulerKind.KUBERNETES: _remove_kubernetes,
}
