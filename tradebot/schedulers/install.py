"""Installation of schedule entries, reading them back and removing them, with the tool of each scheduler."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path

from tradebot.core.model.schedule import SCHEDULED, Job
from tradebot.errors import ConfigError, Problem
from tradebot.home.atomic_files import replacement
from tradebot.home.output_files import Kind
from tradebot.schedulers import cron, kubernetes, launchd, systemd, windows
from tradebot.schedulers.rules import HostZone, ScheduleEntry, SchedulerFile, Setup

_OURS = re.compile(
    rb'\A# >>> tradebot-|^Description=tradebot |>com\.github\.tradebot\.|<Description>tradebot |name: "tradebot-',
    re.MULTILINE,
)
#: The files that ``write_files`` writes, in any encoding.
ENTRY_FILE = Kind("an entry for tradebot", lambda head: _OURS.search(head.replace(b"\0", b"")) is not None)
#: Seconds that the tool of a scheduler may take.
_TOOL_TIMEOUT = 60
#: The encoding of the tools' input and output, whatever the locale; that of Windows' tools is the terminal's.
_TOOL_ENCODING = "oem" if os.name == "nt" else "utf-8"


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


def write_files(files: Sequence[SchedulerFile], folder: Path) -> tuple[Path, ...]:
    """Write files into a folder, each whole or not at all. Returns their paths. Raises ConfigError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            with replacement((folder / file.name).resolve()) as new:
                new.write_bytes(file.content)
    except OSError as error:
        raise _config_error(f"{folder} cannot be written: {error.strerror}", "Check the folder's owner.") from error
    return tuple(folder / file.name for file in files)


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
    there = _read(folder, [file.name for file in files])
    ours = [name for name, content in there.items() if setup.name in name or setup.name.encode() in content]
    _delete(folder, ours)
    return tuple(folder / name for name in ours)


def read_installed(kind: SchedulerKind, setup: Setup) -> InstalledSchedule:
    """The installed entries of the home. Raises ConfigError if the scheduler's tool is missing or fails."""
    return _INSTALLED[kind](setup)


def read_folder(kind: SchedulerKind, setup: Setup, folder: Path) -> tuple[ScheduleEntry, ...] | None:
    """The entries of the home in the files of a folder; None for Kubernetes, whose YAML nothing here reads."""
    files = _read(folder, [path.name for path in folder.glob("*")])
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
    _run_tool("crontab", "-", stdin=cron.merged(_crontab(), setup, files[0].text))
    return ("the lines of this home are in the crontab of this user",)


def _installed_cron(setup: Setup) -> InstalledSchedule:
    entries = cron.entries(_crontab(), setup)
    if not any(entry.zone for entry in entries) or "cronie" in _run_tool("crontab", "-V", must_succeed=False):
        return InstalledSchedule(entries)
    problem = "the crontab counts on CRON_TZ, which this cron does not obey: its lines mean the host's time"
    return InstalledSchedule(tuple(replace(entry, zone="") for entry in entries), (problem,))


def _crontab() -> str:
    return _run_tool("crontab", "-l", empty_error="no crontab for")


def _remove_cron(setup: Setup) -> int:
    before = _crontab()
    after = cron.without(before, setup)
    if after == before:
        return 0
    _run_tool("crontab", "-", stdin=after)
    return len(cron.entries(before, setup)) - len(cron.entries(after, setup))


def _install_systemd(setup: Setup, files: Sequence[SchedulerFile]) -> tuple[str, ...]:
    write_files(files, _units())
    _run_tool("systemctl", "--user", "daemon-reload")
    _run_tool("systemctl", "--user", "enable", "--now", *systemd.timers(setup))
    return (
        f"{len(files)} units are in {_units()}, their timers enabled",
        "they run only while you are logged in, unless `loginctl enable-linger` was called for this user",
    )


def _installed_systemd(setup: Setup) -> InstalledSchedule:
    units = _read(_units(), systemd.units(setup))
    problems = [
        f"{name} is {state or 'not known to systemd'}: `systemctl --user enable --now {name}`"
        for name in systemd.timers(setup)
        if name in units
        and (state := _run_tool("systemctl", "--user", "is-enabled", name, must_succeed=False).strip()) != "enabled"
    ]
    return InstalledSchedule(systemd.entries(units, setup), tuple(problems))


def _remove_systemd(setup: Setup) -> int:
    there = [name for name in systemd.units(setup) if (_units() / name).exists()]
    if not there:
        return 0
    _run_tool("systemctl", "--user", "disable", "--now", *systemd.timers(setup), must_succeed=False)
    _delete(_units(), there)
    _run_tool("systemctl", "--user", "daemon-reload")
    return sum(name.endswith(".timer") for name in there)


def _install_launchd(setup: Setup, files: Sequence[SchedulerFile]) -> tuple[str, ...]:
    domain = f"gui/{os.getuid()}"
    for job, path in zip(SCHEDULED, write_files(files, _agents()), strict=True):
        _unload(setup, job)
        _run_tool("launchctl", "bootstrap", domain, str(path))
    return (f"{len(files)} agents are in {_agents()}, and loaded",)


def _unload(setup: Setup, job: Job) -> None:
    """Unload the agent of a job, if it is loaded."""
    _run_tool("launchctl", "bootout", f"gui/{os.getuid()}/{launchd.label(setup, job)}", must_succeed=False)


def _remove_launchd(setup: Setup) -> int:
    for job in SCHEDULED:
        _unload(setup, job)
    return _delete(_agents(), [f"{launchd.label(setup, job)}.plist" for job in SCHEDULED])


def _installed_launchd(setup: Setup) -> InstalledSchedule:
    agents = _read(_agents(), [f"{launchd.label(setup, job)}.plist" for job in SCHEDULED])
    loaded = {line.split("\t")[-1] for line in _run_tool("launchctl", "list").splitlines()}
    problems = [
        f"{name} is not loaded: `launchctl bootstrap gui/{os.getuid()} {_agents() / name}`"
        for name in agents
        if name.removesuffix(".plist") not in loaded
    ]
    return InstalledSchedule(launchd.entries(agents, setup), tuple(problems))


def _install_windows(setup: Setup, files: Sequence[SchedulerFile]) -> tuple[str, ...]:
    paths = write_files(files, setup.home / "state" / "schedule")
    for job, path in zip(SCHEDULED, paths, strict=True):
        _run_tool("schtasks", "/Create", "/TN", windows.task(setup, job), "/XML", str(path), "/F")
    return (f"{len(files)} tasks are in the folder tradebot of the Task Scheduler",)


def _installed_windows(setup: Setup) -> InstalledSchedule:
    tasks = {f"{setup.entry(job)}.xml": windows.printed(text) for job in SCHEDULED if (text := _task_xml(setup, job))}
    return InstalledSchedule(windows.entries(tasks, setup))


def _task_xml(setup: Setup, job: Job) -> str:
    """The task of a job as the tool prints it; "" for none."""
    return _run_tool("schtasks", "/Query", "/TN", windows.task(setup, job), "/XML", must_succeed=False).strip()


def _remove_windows(setup: Setup) -> int:
    tasks = [windows.task(setup, job) for job in SCHEDULED if _task_xml(setup, job)]
    for name in tasks:
        _run_tool("schtasks", "/Delete", "/TN", name, "/F")
    _delete(setup.home / "state" / "schedule", [f"{setup.entry(job)}.xml" for job in SCHEDULED])
    return len(tasks)


def _install_kubernetes(setup: Setup, files: Sequence[SchedulerFile]) -> tuple[str, ...]:
    _run_tool("kubectl", "apply", "-f", "-", stdin=files[0].text)
    return (
        f"{len(SCHEDULED)} CronJobs are applied",
        f"they need the volume claim {setup.name}, which holds the home, in the same namespace",
    )


def _installed_kubernetes(setup: Setup) -> InstalledSchedule:
    output = _run_tool("kubectl", "get", "cronjobs", "-l", f"app={setup.name}", "-o", "json")
    return InstalledSchedule(kubernetes.entries(output, setup))


def _remove_kubernetes(setup: Setup) -> int:
    return len(_run_tool("kubectl", "delete", "cronjobs", "-l", f"app={setup.name}", "-o", "name").split())


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


def _units() -> Path:
    from platformdirs import user_config_path

    return _of_the_user(user_config_path) / "systemd" / "user"


def _agents() -> Path:
    return _of_the_user(Path.home) / "Library" / "LaunchAgents"


def _of_the_user(folder: Callable[[], Path]) -> Path:
    """A folder of the user's. Raises ConfigError for a user without one."""
    try:
        return folder()
    except RuntimeError as error:
        raise _config_error("this user has no folder of its own", "Set HOME, or write files with --dir.") from error


def _delete(folder: Path, names: Sequence[str]) -> int:
    """Delete the files among ``names`` that exist, and return how many. Raises ConfigError."""
    there = [folder / name for name in names if (folder / name).exists()]
    try:
        for path in there:
            path.unlink()
    except OSError as error:
        raise _config_error(f"{path} cannot be removed: {error.strerror}", "Check the folder's owner.") from error
    return len(there)


def _read(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
    """The readable files among ``names``."""
    files = {}
    for name in names:
        with suppress(OSError):
            files[name] = (folder / name).read_bytes()
    return files


def _run_tool(*command: str, stdin: str | None = None, empty_error: str = "", must_succeed: bool = True) -> str:
    """Run the tool of a scheduler and return its output. Raises ConfigError if it is missing, hangs or fails.

    empty_error: part of the error message by which the tool says that nothing is installed; the output is then "".
    """
    path = shutil.which(command[0])
    if path is None:
        raise _config_error(
            f"there is no {command[0]} here", "Install it, choose another --for, or write files with --dir."
        )
    try:
        finished = subprocess.run(
            (path, *command[1:]),
            input=stdin,
            capture_output=True,
            encoding=_TOOL_ENCODING,
            errors="surrogateescape",
            timeout=_TOOL_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _config_error(f"{command[0]} did not answer: {type(error).__name__}", "Try it by hand.") from error
    if finished.returncode and must_succeed:
        if empty_error and empty_error in finished.stderr:
            return ""
        message = (finished.stderr or finished.stdout).strip() or f"exit code {finished.returncode}"
        raise _config_error(f"`{' '.join(command)}` failed: {message}", "Mend that, or write files with --dir.")
    return finished.stdout


def _config_error(what: str, fix: str) -> ConfigError:
    return ConfigError([Problem("schedule", what, fix)])
