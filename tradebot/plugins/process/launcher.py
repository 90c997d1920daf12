"""The first code of the strategy process. It is run by its path, before any other module of the package is known.

On POSIX it forks. The supervisor waits until the worker ends or the command does (the read end of a pipe, which only
the command can write to, reports its end), kills the worker's process group and, on Linux, every other descendant, and
ends with the worker's status. The worker serves requests, or on Linux forks a process for each strategy that does.
Windows has a worker alone, which ends when its standard input does, or by its own alarm while a strategy computes.

Its arguments are two inherited descriptors, -1 where there is none: the lifeline and, on Linux, the connection on which
the command asks for processes.

What may escape: on macOS a process that a strategy moved to a session of its own, on Windows one whose parent has
ended, and anywhere a process that a service manager starts for the strategy.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

_KILL_ROUNDS = 200
_KILL_PAUSE_SECONDS = 0.01


def main() -> None:
    """Supervise on POSIX; serve requests in the worker."""
    lifeline, control = map(int, sys.argv[1:])
    sys.path.append(str(Path(__file__).parents[3]))
    if os.name == "posix":
        _supervise(lifeline, control)
    requests, answers = _take_pipes()
    setup = _read_setup(requests)
    sys.path[:] = setup["path"]
    from tradebot.plugins.process import worker

    worker.serve(requests, answers, control, setup["memory_mb"], setup["user"])


def _supervise(lifeline: int, control: int) -> None:
    """Fork the worker and return in it. The supervisor ends the process."""
    from tradebot.plugins.process import linux

    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(wake)
    linux.adopt_orphans()
    supervisor = os.getpid()
    worker = os.fork()
    if worker == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        for descriptor in (lifeline, woken, wake):
            os.close(descriptor)
        os.setpgid(0, 0)
        linux.end_with_parent()
        if os.getppid() != supervisor:
            os._exit(1)
        return
    with suppress(OSError):  # the worker does it as well; whoever comes first
        os.setpgid(worker, worker)
    _release_pipes(control)
    status = _wait(worker, lifeline, woken)
    _kill(worker)
    os._exit(_exit_code(status))


def _release_pipes(control: int) -> None:
    """Leave the pipes and the connection to the worker alone, so that its end closes them."""
    if control >= 0:
        os.close(control)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)


def _wait(worker: int, lifeline: int, woken: int) -> int | None:
    """Wait for the worker's status; None if the command ended first. Orphans that were adopted are reaped."""
    while True:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == worker:
                    return ended[1]
        readable, _, _ = select.select([lifeline, woken], [], [])
        if lifeline in readable:
            return None
        os.read(woken, 4096)


def _kill(worker: int) -> None:
    """Kill the worker's group, then descendants that left it, until there are none."""
    from tradebot.plugins.process import linux

    with suppress(OSError):
        os.killpg(worker, signal.SIGKILL)
    for _ in range(_KILL_ROUNDS):
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        for pid in linux.children(os.getpid()):
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_KILL_PAUSE_SECONDS)


def _exit_code(status: int | None) -> int:
    """As a shell gives it: 128 and the signal's number for a process that a signal ended."""
    if status is None:
        return 0
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _take_pipes() -> tuple[int, int]:
    """Move the pipes of requests and answers to private descriptors; standard output then goes where errors go."""
    from tradebot.plugins.process.descriptors import private

    requests, answers = private(0), private(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return requests, answers


def _read_setup(requests: int) -> dict[str, Any]:
    """The first message: the module search path and the limits, as JSON after its length in four bytes."""
    size = int.from_bytes(_read(requests, 4), "little")
    setup: dict[str, Any] = json.loads(_read(requests, size))
    return setup


def _read(descriptor: int, size: int) -> bytes:
    content = b""
    while len(content) < size:
        part = os.read(descriptor, size - len(content))
        if not part:
            os._exit(0)  # the command ended
        content += part
    return content


if __name__ == "__main__":
    main()
