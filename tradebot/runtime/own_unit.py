"""Takes a process out of the systemd unit of the process that started it, which would end it on a restart.

systemd ends every process in the control group of a service. A process that is moved into a scope of its own has none
of the service's limits either, such as one of memory. Without systemd, and outside a service, nothing is to be done: a
session of its own is enough.
"""

from __future__ import annotations

import logging
import os
import subprocess
from pathlib import Path
from threading import Thread

_LOG = logging.getLogger(__name__)
_CGROUP = Path("/proc/self/cgroup")
#: Seconds for systemd to answer.
_TIMEOUT = 10.0


def leave_unit(pid: int, cgroup: Path = _CGROUP) -> Thread | None:
    """Begin to move a process into a scope of its own, and wait for nothing. None outside a service of systemd.

    A failure is logged: the process then ends with the service, unless its unit has ``KillMode=process``.
    """
    managers = _managers(cgroup)
    if not managers:
        return None
    mover = Thread(target=_move, args=(pid, managers), name=f"scope of {pid}", daemon=True)
    mover.start()
    return mover


def _managers(cgroup: Path) -> tuple[str, ...]:
    """The managers to ask in turn, as options of busctl: the one of this service, and that of the user."""
    try:
        groups = [line.rpartition(":")[2] for line in cgroup.read_text().splitlines()]
    except OSError:
        return ()
    service = next((group for group in groups if group.endswith(".service")), "")
    if not service:
        return ()
    return ("--user",) if "/user@" in service else ("--system", "--user")


def _move(pid: int, managers: tuple[str, ...]) -> None:
    told = ""
    for manager in managers:
        try:
            done = subprocess.run(
                scope_call(manager, pid), stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT, check=False
            )
        except (OSError, subprocess.SubprocessError) as error:
            told = str(error)
            continue
        if done.returncode == 0:
            _LOG.info("process %d runs in a scope of its own", pid)
            return
        told = done.stderr.decode(errors="replace").strip()
    _LOG.warning("process %d stays in the unit of this service, and ends with it: %s", pid, told)


def scope_call(manager: str, pid: int) -> list[str]:
    """The command line that asks a manager for a scope with a process in it (org.freedesktop.systemd1(5))."""
    bus_name, path = "org.freedesktop.systemd1", "/org/freedesktop/systemd1"
    properties = [
        *("PIDs", "au", "1", str(pid)),
        *("Description", "s", f"a command of tradebot, process {pid}"),
        *("CollectMode", "s", "inactive-or-failed"),
    ]
    name = f"tradebot-{os.getpid()}-{pid}.scope"
    return [
        *("busctl", manager, "--no-pager", "call", bus_name, path, f"{bus_name}.Manager"),
        *("StartTransientUnit", "ssa(sv)a(sa(sv))", name, "fail", "3", *properties, "0"),
    ]
