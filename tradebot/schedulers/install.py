"""Installation of schedule entries and reading them back, with the tool of each scheduler."""

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

from tradebot.core.model.schedule import DAY, Job
from tradebot.errors import ConfigError, Problem
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
    """Write files into a folder and return their paths. Raises ConfigError if it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            (folder / file.name).write_bytes(file.content)
    except OSError as error:
        raise _config_error(f"{folder} cannot be written: {error.strerror}", "Check the folder's owner.") from error
    return tuple(folder / file.name for file in files)


def install(kind: SchedulerKind, setup: Setup, files: Sequence[SchedulerFile]) -> tuple[str, ...]:
    """Install the entries; returns lines for people. Raises ConfigError if the scheduler's tool is missing or fails."""
    return _INSTALL[kind](setup, files)


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


def _install_systemd(setup: Setup, files: Sequence[SchedulerFile]) -> tuple[str, ...]:
    write_files(files, _units())
    _run_tool("systemctl", "--user", "daemon-reload")
    _run_tool("systemctl", "--user", "enable", "--now", *systemd.timers(setup))
    return (
        f"{len(files)} units are in {_units()}, their timers enabled",
        "they run only while you are logged in, unless `loginctl enable-linger` was called for this user",
    )


def _installed_systemd(setup: Setup) -> InstalledSchedule:
    names = [f"{setup.entry(job)}.{kind}" for job in DAY for kind in ("service", "timer")]
    units = _read(_units(), names)
    problems = [
        f"{name} is {state or 'not known to systemd'}: `systemctl --user enable --now {name}`"
        for name in systemd.timers(setup)
        if name in units
        and (state := _run_tool("systemctl", "--user", "is-enabled", name, must_succeed=False).strip()) != "enabled"
    ]
    return InstalledSchedule(systemd.entries(units, setup), tuple(problems))


def _install_launchd(setup: Setup, files: Sequence[SchedulerFile]) -> tuple[str, ...]:
    domain = f"gui/{os.getuid()}"
    for job, path in zip(DAY, write_files(files, _agents()), strict=True):
        _run_tool(
            "launchctl", "bootout", f"{domain}/{launchd.label(setup, job)}", must_succeed=False
        )  # none is loaded at first
        _run_tool("launchctl", "bootstrap", domain, str(path))
    return (f"{len(files)} agents are in {_agents()}, and loaded",)


def _installed_launchd(setup: Setup) -> InstalledSchedule:
    agents = _read(_agents(), [f"{launchd.label(setup, job)}.plist" for job in DAY])
    loaded = {line.split("\t")[-1] for line in _run_tool("launchctl", "list").splitlines()}
    problems = [
        f"{name} is not loaded: `launchctl bootstrap gui/{os.getuid()} {_agents() / name}`"
        for name in agents
        if name.removesuffix(".plist") not in loaded
    ]
    return InstalledSchedule(launchd.entries(agents, setup), tuple(problems))


def _install_windows(setup: Setup, files: Sequence[SchedulerFile]) -> tuple[str, ...]:
    paths = write_files(files, setup.home / "state" / "schedule")
    for job, path in zip(DAY, paths, strict=True):
        _run_tool("schtasks", "/Create", "/TN", windows.task(setup, job), "/XML", str(path), "/F")
    return (f"{len(files)} tasks are in the folder tradebot of the Task Scheduler",)


def _installed_windows(setup: Setup) -> InstalledSchedule:
    def task_xml(job: Job) -> str:
        return _run_tool("schtasks", "/Query", "/TN", windows.task(setup, job), "/XML", must_succeed=False)

    tasks = {f"{setup.entry(job)}.xml": windows.printed(text) for job in DAY if (text := task_xml(job).strip())}
    return InstalledSchedule(windows.entries(tasks, setup))


def _install_kubernetes(setup: Setup, files: Sequence[SchedulerFile]) -> tuple[str, ...]:
    _run_tool("kubectl", "apply", "-f", "-", stdin=files[0].text)
    return (
        f"{len(DAY)} CronJobs are applied",
        f"they need the volume claim {setup.name}, which holds the home, in the same namespace",
    )


def _installed_kubernetes(setup: Setup) -> InstalledSchedule:
    output = _run_tool("kubectl", "get", "cronjobs", "-l", f"app={setup.name}", "-o", "json")
    return InstalledSchedule(kubernetes.entries(output, setup))


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
