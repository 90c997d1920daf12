"""Installation of the server's service, reading it back and removing it, with the tool of each scheduler."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tradebot.schedulers import windows
from tradebot.schedulers.host_tools import (
    delete,
    different_files,
    read_files,
    run_tool,
    schedule_error,
    user_agents,
    user_units,
    write_files,
)
from tradebot.schedulers.install import SchedulerKind
from tradebot.schedulers.rules import SchedulerFile
from tradebot.schedulers.server_files import ServerSetup, launchd_files, systemd_files, windows_files

Files = Sequence[SchedulerFile]


def server_files(kind: SchedulerKind, server: ServerSetup) -> tuple[SchedulerFile, ...]:
    """The files of the service. Raises ConfigError for a scheduler that keeps nothing up."""
    return _of(kind).files(server)


def install_server(kind: SchedulerKind, server: ServerSetup, files: Files) -> tuple[str, ...]:
    """Install the service and start it again; returns lines for people. Raises ConfigError if the tool fails."""
    return _of(kind).install(server, files)


def remove_server(kind: SchedulerKind, server: ServerSetup) -> int:
    """End the service and remove it. Returns how many there were, 0 or 1. Raises ConfigError if the tool fails."""
    return _of(kind).remove(server)


def server_problems(kind: SchedulerKind, server: ServerSetup, files: Files) -> tuple[str, ...]:
    """How the installed service differs from what should be. Raises ConfigError if the tool is missing or fails."""
    return tuple(_of(kind).problems(server, files))


@dataclass(frozen=True, slots=True)
class _Keeper:
    """What keeps a service up."""

    files: Callable[[ServerSetup], tuple[SchedulerFile, ...]]
    install: Callable[[ServerSetup, Files], tuple[str, ...]]
    remove: Callable[[ServerSetup], int]
    problems: Callable[[ServerSetup, Files], Sequence[str]]


def _of(kind: SchedulerKind) -> _Keeper:
    if kind not in _KEEPERS:
        fix = f"Choose one of {', '.join(_KEEPERS)}; in a container the image starts it."
        raise schedule_error(f"{kind} starts jobs, and keeps no server up", fix)
    return _KEEPERS[kind]


def _units(server: ServerSetup) -> tuple[str, str]:
    return f"{server.name}.socket", f"{server.name}.service"


def _install_systemd(server: ServerSetup, files: Files) -> tuple[str, ...]:
    units = _units(server)
    run_tool("systemctl", "--user", "stop", *units, must_succeed=False)  # else the running one stays as it was
    write_files(files, user_units())
    run_tool("systemctl", "--user", "daemon-reload")
    run_tool("systemctl", "--user", "enable", "--now", *units)
    return (
        f"{' and '.join(units)} are in {user_units()}, enabled and started",
        "they run only while you are logged in, unless `loginctl enable-linger` was called for this user",
    )


def _remove_systemd(server: ServerSetup) -> int:
    units = [name for name in _units(server) if (user_units() / name).exists()]
    if not units:
        return 0
    run_tool("systemctl", "--user", "disable", "--now", *units, must_succeed=False)
    delete(user_units(), units)
    run_tool("systemctl", "--user", "daemon-reload")
    return 1


def _systemd_problems(server: ServerSetup, files: Files) -> list[str]:
    problems = different_files(files, user_units())
    for name in read_files(user_units(), _units(server)):
        for asked, wanted in (("is-enabled", "enabled"), ("is-active", "active")):
            state = run_tool("systemctl", "--user", asked, name, must_succeed=False).strip()
            if state != wanted:
                problems.append(f"{name} is {state or 'not known'}: `systemctl --user enable --now {name}`")
    return problems


def _agent(server: ServerSetup) -> str:
    return f"{server.label}.plist"


def _install_launchd(server: ServerSetup, files: Files) -> tuple[str, ...]:
    (path,) = write_files(files, user_agents())
    _unload(server)
    run_tool("launchctl", "bootstrap", f"gui/{os.getuid()}", str(path))
    return (f"{path} is loaded",)


def _unload(server: ServerSetup) -> None:
    """Unload the agent, if it is loaded."""
    run_tool("launchctl", "bootout", f"gui/{os.getuid()}/{server.label}", must_succeed=False)


def _remove_launchd(server: ServerSetup) -> int:
    _unload(server)
    return delete(user_agents(), [_agent(server)])


def _launchd_problems(server: ServerSetup, files: Files) -> list[str]:
    problems = different_files(files, user_agents())
    loaded = {line.split("\t")[-1] for line in run_tool("launchctl", "list").splitlines()}
    if server.label not in loaded:
        path = user_agents() / _agent(server)
        problems.append(f"{server.label} is not loaded: `launchctl bootstrap gui/{os.getuid()} {path}`")
    return problems


def _folder(server: ServerSetup) -> Path:
    return server.setup.home / "state" / "schedule"


def _install_windows(server: ServerSetup, files: Files) -> tuple[str, ...]:
    (path,) = write_files(files, _folder(server))
    run_tool("schtasks", "/Create", "/TN", server.task, "/XML", str(path), "/F")
    run_tool("schtasks", "/Run", "/TN", server.task)
    return (f"the task {server.task} is in the Task Scheduler, and started",)


def _remove_windows(server: ServerSetup) -> int:
    there = bool(_windows_task(server))
    if there:
        run_tool("schtasks", "/End", "/TN", server.task, must_succeed=False)
        run_tool("schtasks", "/Delete", "/TN", server.task, "/F")
    delete(_folder(server), [f"{server.name}.xml"])
    return int(there)


def _windows_problems(server: ServerSetup, files: Files) -> list[str]:
    task = windows.read_command(windows.printed(_windows_task(server)))
    (wanted,) = (windows.read_command(file.content) for file in files)
    if task == wanted:
        return []
    return [f"the task {server.task} is {'another than would be installed now' if task else 'missing or disabled'}"]


def _windows_task(server: ServerSetup) -> str:
    """The task as the tool prints it; "" for none."""
    return run_tool("schtasks", "/Query", "/TN", server.task, "/XML", must_succeed=False).strip()


_KEEPERS: Mapping[SchedulerKind, _Keeper] = {
    SchedulerKind.SYSTEMD: _Keeper(systemd_files, _install_systemd, _remove_systemd, _systemd_problems),
    SchedulerKind.LAUNCHD: _Keeper(launchd_files, _install_launchd, _remove_launchd, _launchd_problems),
    SchedulerKind.WINDOWS: _Keeper(windows_files, _install_windows, _remove_windows, _windows_problems),
}
