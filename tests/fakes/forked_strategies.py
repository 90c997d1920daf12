"""The strategy process of a test, or of a forked command, is forked as well: what it would import is there already.

It is a process like the real one, with the same pipes, session, environment and code from ``launcher.main`` on; only
its interpreter did not start anew. Commands in an interpreter of their own start the real one. Linux only.
"""

from __future__ import annotations

import faulthandler
import io
import logging
import os
import signal
import subprocess
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from tradebot.plugins.process import launcher

_PYTHON = sys.executable
_POPEN = subprocess.Popen


class ForkingPopen(subprocess.Popen[Any]):
    """Forks for the launcher of the strategy process, and starts any other program as Popen does."""

    def _execute_child(self, args: Any, *given: Any) -> None:
        if launcher.__file__ not in args or args[0] != _PYTHON:
            super()._execute_child(args, *given)  # type: ignore[misc]
            return
        _, _, _, pass_fds, cwd, env, _, _, _, stdin, _, _, stdout, _, stderr, *_ = given
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads: none of them holds a lock
            self.pid = os.fork()
        if self.pid == 0:
            try:
                _be_launcher(args[args.index(launcher.__file__) :], pass_fds, cwd, env, (stdin, stdout, stderr))
            except BaseException:  # noqa: BLE001 - as the interpreter tells it
                traceback.print_exc()
            finally:
                os._exit(1)
        self._child_created = True
        for end in (stdin, stdout, stderr):
            os.close(end)


def install() -> None:
    """Have this process fork its strategy process."""
    subprocess.Popen = ForkingPopen  # type: ignore[misc]


@contextmanager
def real_start() -> Iterator[None]:
    """Start the strategy process as it is started elsewhere."""
    forking, subprocess.Popen = subprocess.Popen, _POPEN  # type: ignore[misc]
    try:
        yield
    finally:
        subprocess.Popen = forking  # type: ignore[misc]


def _be_launcher(
    arguments: list[str], kept: tuple[int, ...], folder: str, environment: dict[str, str], streams: tuple[int, ...]
) -> NoReturn:
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for descriptor in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
        if descriptor > 2 and descriptor not in kept:
            with suppress(OSError):  # the one that the list was read through
                os.close(descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), "utf-8", write_through=True)
    sys.__dict__["__stdout__"] = sys.stdout
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), "utf-8", write_through=True)
    sys.__dict__["__stderr__"] = sys.stderr
    sys.stdin = io.TextIOWrapper(io.FileIO(0, "r", closefd=False), "utf-8")
    sys.__dict__["__stdin__"] = sys.stdin
    logging.root.handlers.clear()
    logging.root.setLevel(logging.WARNING)
    faulthandler.enable(2)
    sys.argv = arguments
    launcher.main()
    os._exit(0)
