"""Putting entries where a scheduler finds them, and reading them back, each by the scheduler's own tool."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from tradebot.core.model.schedule import Job
from tradebot.errors import ConfigError, Problem
from tradebot.schedulers import cron, kubernetes, launchd, systemd, windows
from tradebot.schedulers.rules import File, ScheduleEntry, Setup, jobs

#: Seconds that a scheduler's tool may take.
_PATIENCE = 60


class SchedulerKind(StrEnum):
    """The schedulers that there are entries for."""

    CRON = "cron"
    SYSTEMD = "systemd"
    LAUNCHD = "launchd"
    WINDOWS = "windows"
    KUBERNETES = "kubernetes"


@dataclass(frozen=True, slots=True)
class Installed:
    """What a scheduler has of ours, and what keeps it from starting it."""

    entries: tuple[ScheduleEntry, ...]
    troubles: tuple[str, ...] = ()


def files_of(kind: SchedulerKind) -> Callable[..., tuple[File, ...]]:
    """What makes a scheduler's files: called with setup, host and the first day that they are for."""
    return {
        SchedulerKind.CRON: cron.files,
        SchedulerKind.SYSTEMD: systemd.files,
        SchedulerKind.LAUNCHD: launchd.files,
        SchedulerKind.WINDOWS: windows.files,
        SchedulerKind.KUBERNETES: kubernetes.files,
    }[kind]


def write(files: Sequence[File], folder: Path, encoding: str = "utf-8") -> tuple[Path, ...]:
    """Write files into a folder. Raises ConfigError when it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            (folder / file.name).write_text(file.text, encoding=encoding)
    except OSError as error:
        raise _trouble(f"{folder} cannot be written: {error.strerror}", "Check the folder's owner.") from error
    return tuple(folder / file.name for file in files)


def install(kind: SchedulerKind, setup: Setup, files: Sequence[File]) -> tuple[str, ...]:
    """Install the entries and say what was done. Raises ConfigError when the scheduler's tool is missing or refuses."""
    return _INSTALL[kind](setup, files)


def installed(kind: SchedulerKind, setup: Setup) -> Installed:
    """What is installed for this home. Raises ConfigError as ``install`` does."""
    return _INSTALLED[kind](setup)


def _install_cron(setup: Setup, files: Sequence[File]) -> tuple[str, ...]:
    _tool("crontab", "-", given=cron.merged(_crontab(), setup, files[0].text))
    return ("the lines of this home are in the crontab of this user",)


def _installed_cron(setup: Setup) -> Installed:
    entries = cron.entries(_crontab(), setup)
    if not any(entry.zone for entry in entries) or "cronie" in _tool("crontab", "-V", fails=False):
        return Installed(entries)
    trouble = "the crontab counts on CRON_TZ, which this cron does not obey: its lines mean the host's time"
    return Installed(tuple(replace(entry, zone="") for entry in entries), (trouble,))


def _crontab() -> str:
    return _tool("crontab", "-l", nothing="no crontab for")


def _install_systemd(setup: Setup, files: Sequence[File]) -> tuple[str, ...]:
    write(files, _units())
    _tool("systemctl", "--user", "daemon-reload")
    _tool("systemctl", "--user", "enable", "--now", *systemd.timers(setup))
    return (
        f"{len(files)} units are in {_units()}, their timers enabled",
        "they run only while you are logged in, unless `loginctl enable-linger` was called for this user",
    )


def _installed_systemd(setup: Setup) -> Installed:
    names = [f"{setup.entry(job)}.{kind}" for job in jobs() for kind in ("service", "timer")]
    found = _read(_units(), names)
    troubles = [
        f"{name} is {state or 'not known to systemd'}: `systemctl --user enable --now {name}`"
        for name in systemd.timers(setup)
        if name in found
        and (state := _tool("systemctl", "--user", "is-enabled", name, fails=False).strip()) != "enabled"
    ]
    return Installed(systemd.entries(found, setup), tuple(troubles))


def _install_launchd(setup: Setup, files: Sequence[File]) -> tuple[str, ...]:
    domain = f"gui/{os.getuid()}"
    for job, path in zip(jobs(), write(files, _agents()), strict=True):
        _tool("launchctl", "bootout", f"{domain}/{launchd.label(setup, job)}", fails=False)  # none is loaded at first
        _tool("launchctl", "bootstrap", domain, str(path))
    return (f"{len(files)} agents are in {_agents()}, and loaded",)


def _installed_launchd(setup: Setup) -> Installed:
    found = _read(_agents(), [f"{launchd.label(setup, job)}.plist" for job in jobs()])
    loaded = {line.split("\t")[-1] for line in _tool("launchctl", "list").splitlines()}
    troubles = [
        f"{name} is not loaded: `launchctl bootstrap gui/{os.getuid()} {_agents() / name}`"
        for name in found
        if name.removesuffix(".plist") not in loaded
    ]
    return Installed(launchd.entries(found, setup), tuple(troubles))


def _install_windows(setup: Setup, files: Sequence[File]) -> tuple[str, ...]:
    paths = write(files, setup.home / "state" / "schedule", encoding="utf-16")
    for job, path in zip(jobs(), paths, strict=True):
        _tool("schtasks", "/Create", "/TN", windows.task(setup, job), "/XML", str(path), "/F")
    return (f"{len(files)} tasks are in the folder tradebot of the Task Scheduler",)


def _installed_windows(setup: Setup) -> Installed:
    def told(job: Job) -> str:
        return _tool("schtasks", "/Query", "/TN", windows.task(setup, job), "/XML", fails=False)

    found = {f"{setup.entry(job)}.xml": text for job in jobs() if (text := told(job).strip())}
    return Installed(windows.entries(found, setup))


def _install_kubernetes(setup: Setup, files: Sequence[File]) -> tuple[str, ...]:
    _tool("kubectl", "apply", "-f", "-", given=files[0].text)
    return (
        f"{len(jobs())} CronJobs are applied",
        f"they need the volume claim {setup.name}, which holds the home, in the same namespace",
    )


def _installed_kubernetes(setup: Setup) -> Installed:
    listed = _tool("kubectl", "get", "cronjobs", "-l", f"app={setup.name}", "-o", "json")
    return Installed(kubernetes.entries(listed, setup))


_INSTALL: Mapping[SchedulerKind, Callable[[Setup, Sequence[File]], tuple[str, ...]]] = {
    SchedulerKind.CRON: _install_cron,
    SchedulerKind.SYSTEMD: _install_systemd,
    SchedulerKind.LAUNCHD: _install_launchd,
    SchedulerKind.WINDOWS: _install_windows,
    SchedulerKind.KUBERNETES: _install_kubernetes,
}
_INSTALLED: Mapping[SchedulerKind, Callable[[Setup], Installed]] = {
    SchedulerKind.CRON: _installed_cron,
    SchedulerKind.SYSTEMD: _installed_systemd,
    SchedulerKind.LAUNCHD: _installed_launchd,
    SchedulerKind.WINDOWS: _installed_windows,
    SchedulerKind.KUBERNETES: _installed_kubernetes,
}


def _units() -> Path:
    from platformdirs import user_config_path

    return user_config_path() / "systemd" / "user"


def _agents() -> Path:
    return Path.home() / "Library" / "LaunchAgents"


def _read(folder: Path, names: Sequence[str]) -> dict[str, str]:
    found = {}
    for name in names:
        with suppress(OSError):
            found[name] = (folder / name).read_text(encoding="utf-8")
    return found


def _tool(*command: str, given: str | None = None, nothing: str = "", fails: bool = True) -> str:
    """What a scheduler's tool says. Raises ConfigError when there is none, or it fails where it may not.

    ``nothing`` is how the tool words that it has nothing, which it may call a failure.
    """
    found = shutil.which(command[0])
    if found is None:
        raise _trouble(f"there is no {command[0]} here", "Install it, choose another --for, or write files with --dir.")
    try:
        ended = subprocess.run(
            (found, *command[1:]), input=given, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _trouble(f"{command[0]} did not answer: {type(error).__name__}", "Try it by hand.") from error
    if ended.returncode and fails:
        if nothing and nothing in ended.stderr:
            return ""
        said = (ended.stderr or ended.stdout).strip() or f"exit code {ended.returncode}"
        raise _trouble(f"`{' '.join(command)}` failed: {said}", "Mend that, or write files with --dir.")
    return ended.stdout


def _trouble(what: str, fix: str) -> ConfigError:
    return ConfigError([Problem("schedule", what, fix)])
