"""The service that keeps `tradebot serve` up: units of systemd, an agent of launchd, a task of Windows.

What the server starts, such as an emergency stop, is never ended together with it: systemd ends the server's own
process alone, and launchd leaves its group alone.
"""

from __future__ import annotations

import plistlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from tradebot.schedulers import systemd, windows
from tradebot.schedulers.rules import SchedulerFile, Setup

#: Seconds in which the server ends the requests in flight; the jobs' units have as many.
_STOP_SECONDS = 300
#: What the server gives up in a unit of systemd, as a job does and more. All of it works in a user's units, which may
#: drop no capability of their own; where the kernel gives users no namespaces, systemd leaves out what needs one.
SANDBOX = (
    *(line for line in systemd.SANDBOX if not line.startswith("KillMode=")),
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "PrivateTmp=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "DevicePolicy=closed",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    "SystemCallFilter=@system-service",
    "SystemCallErrorNumber=EPERM",
    "MemoryMax=1G",
    "TasksMax=256",
)


@dataclass(frozen=True, slots=True)
class ServerSetup:
    """What the service is made for."""

    setup: Setup
    host: str  # the address that the socket listens on
    port: int
    writes: tuple[Path, ...]  # folders in which the server and the commands that it starts write

    @property
    def name(self) -> str:
        """A name that is unique for the home."""
        return f"{self.setup.name}-serve"

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def command(self) -> tuple[str, ...]:
        """The command line of the server."""
        return (*self.setup.program, "serve")

    @property
    def label(self) -> str:
        """The label of its agent."""
        return f"com.github.tradebot.{self.name}"

    @property
    def task(self) -> str:
        """The name of its task, with the folder."""
        return f"\\tradebot\\{self.name}"


def systemd_files(server: ServerSetup) -> tuple[SchedulerFile, ...]:
    """A socket, which stays open while the server is started again, and the service behind it."""
    return (
        SchedulerFile(f"{server.name}.socket", "\n".join((*_socket(server), ""))),
        SchedulerFile(f"{server.name}.service", "\n".join((*_service(server), ""))),
    )


def _socket(server: ServerSetup) -> Iterator[str]:
    yield from ("[Unit]", f"Description=tradebot serve in {systemd.literal(str(server.setup.home))}, its socket", "")
    yield from ("[Socket]", f"ListenStream={server.address}", "", "[Install]", "WantedBy=sockets.target")


def _service(server: ServerSetup) -> Iterator[str]:
    yield from ("[Unit]", f"Description=tradebot serve in {systemd.literal(str(server.setup.home))}")
    yield from (f"Requires={server.name}.socket", f"After={server.name}.socket", "", "[Service]", "Type=exec")
    variables = server.setup.variables.items()
    yield from (f"Environment={systemd.quoted(f'{name}={value}')}" for name, value in variables)
    yield f"ExecStart={' '.join(systemd.quoted(word, command=True) for word in server.command)}"
    yield "# By SIGTERM and ^C it ends with 143 and 130."
    yield from ("SuccessExitStatus=143 130", "Restart=on-failure", "RestartSec=5")
    yield "# Wrong settings (3) and a wrong command line (2) stay wrong."
    yield "RestartPreventExitStatus=2 3"
    yield f"TimeoutStopSec={_STOP_SECONDS}"
    yield "# An emergency stop that the server began outlives it, also where it could not leave the unit."
    yield "KillMode=process"
    yield "# A command for which the memory is too short ends alone."
    yield "OOMPolicy=continue"
    yield from ("StandardOutput=null", "StandardError=journal", *SANDBOX)
    yield "# Only these folders can be written: the homes, their ledgers and logs, and the user's state."
    yield from (f"ReadWritePaths={systemd.quoted(f'-{folder}')}" for folder in server.writes)
    yield from ("", "[Install]", "WantedBy=default.target")


def launchd_files(server: ServerSetup) -> tuple[SchedulerFile, ...]:
    """An agent that is started at login, and again when it fails."""
    agent = {
        "Label": server.label,
        "ProgramArguments": list(server.command),
        "EnvironmentVariables": dict(server.setup.variables),
        "WorkingDirectory": str(server.setup.home),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": 30,
        "AbandonProcessGroup": True,
        "ExitTimeOut": _STOP_SECONDS,
        "Umask": 0o077,
        "StandardOutPath": "/dev/null",
        "StandardErrorPath": str(server.setup.errors),
    }
    return (SchedulerFile(f"{server.label}.plist", plistlib.dumps(agent, sort_keys=False).decode()),)


def windows_files(server: ServerSetup) -> tuple[SchedulerFile, ...]:
    """A task that is started every five minutes, and not while it runs."""
    root = windows.task_root(f"tradebot serve in {server.setup.home}")
    trigger = ET.SubElement(ET.SubElement(root, "Triggers"), "TimeTrigger")
    windows.add_texts(trigger, StartBoundary="2024-01-01T00:00:00")
    windows.add_texts(ET.SubElement(trigger, "Repetition"), Interval="PT5M", StopAtDurationEnd="false")
    windows.add_user(root)
    windows.add_settings(root, time_limit="PT0S", wakes="false")
    program, *arguments = server.command
    words = subprocess.list2cmdline([*arguments, "--home", str(server.setup.home)])
    windows.add_action(root, program, words, str(server.setup.home))
    return (windows.task_file(server.name, root),)
