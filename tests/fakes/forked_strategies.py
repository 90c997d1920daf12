"""The strategy process of a test, or of a forked command, is forked as well: what it would import is there already.

It is a process like the real one, with the same pipes, session, environment and code from ``launcher.main`` on; only
its interpreter did not start anew. Commands in an interpreter of their own start the real one. Linux only.
"""

from __future__ import annotations

import faulthandler
import gc
import io
import logging
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from tradebot.plugins.process import launcher

_PYTHON = sys.executable
_POPEN = subprocess.Popen


@dataclass(frozen=True, slots=True)
class Start:
    """A start of the launcher."""

    arguments: list[str]  # sys.argv
    folder: str
    environment: dict[str, str]
    inherited: list[int]  # the numbers that the descriptors have in it, beside the standard ones

    def become(self, descriptors: Sequence[int]) -> NoReturn:
        """Be the launcher in this process, which was forked.

        descriptors: what is to be standard input, output and error, and then what ``inherited`` numbers.
        """
        gc.disable()  # a collection would copy all that is shared
        os.setsid()
        moved = [os.dup(descriptor) for descriptor in descriptors]
        numbers = [0, 1, 2, *self.inherited]
        while taken := [index for index, descriptor in enumerate(moved) if descriptor in numbers]:
            for index in taken:
                moved[index] = os.dup(moved[index])
        for number, descriptor in zip(numbers, moved, strict=True):
            os.dup2(descriptor, number, inheritable=True)
        for descriptor in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
            if descriptor not in numbers:
                with suppress(OSError):  # the one that the list was read through
                    os.close(descriptor)
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.environment)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        _open_standard_streams()
        logging.root.handlers.clear()
        logging.root.setLevel(logging.WARNING)
        faulthandler.enable(2)
        sys.argv = self.arguments
        try:
            launcher.main()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - as the interpreter tells it
            with suppress(OSError):  # a strategy closed it
                traceback.print_exc()
        finally:
            os._exit(1)


def _open_standard_streams() -> None:
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        stream = io.TextIOWrapper(io.FileIO(number, mode, closefd=False), "utf-8", write_through=mode == "w")
        sys.__dict__[name] = sys.__dict__[f"__{name}__"] = stream


class ForkingPopen(subprocess.Popen[Any]):
    """Forks for the launcher of the strategy process, and starts any other program as Popen does."""

    def _execute_child(self, args: Any, *given: Any) -> None:
        if launcher.__file__ not in args or args[0] != _PYTHON:
            super()._execute_child(args, *given)  # type: ignore[misc]
            return
        _, _, _, pass_fds, cwd, env, _, _, _, stdin, _, _, stdout, _, stderr, *_ = given
        start = Start(args[args.index(launcher.__file__) :], cwd, env, list(pass_fds))
        self._fork(start, [stdin, stdout, stderr, *pass_fds])
        self._child_created = True
        for end in (stdin, stdout, stderr):
            os.close(end)

    def _fork(self, start: Start, descriptors: list[int]) -> None:
        self.pid = os.fork()
        if self.pid == 0:
            start.become(descriptors)


def install(popen: type[ForkingPopen]) -> None:
    """Have this process fork its strategy process."""
    subprocess.Popen = popen  # type: ignore[misc]


@contextmanager
def real_start() -> Iterator[None]:
    """Start the strategy process as it is started elsewhere."""
    forking, subprocess.Popen = subprocess.Popen, _POPEN  # type: ignore[misc]
    try:
        yield
    finally:
        subprocess.Popen = forking  # type: ignore[misc]
