"""A command as a child of ``tests.fakes.forking``, with the part of Popen's interface that tests use."""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import IO, Any

from tests.fakes.forked_strategies import ForkingPopen, Start
from tests.fakes.forking import NUMBER

_ROOT = Path(__file__).parents[2]


class Forked:
    """``python -m MODULE ARGUMENTS`` as it runs, or has run; what it prints is known once it has ended."""

    def __init__(
        self, module: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], stdin: int
    ) -> None:
        self.args = [module, *arguments]
        self.returncode: int | Any = None  # as in Popen: None until its end was waited for
        self._output: list[IO[bytes]] = [tempfile.TemporaryFile() for _ in range(2)]  # noqa: SIM115 - closed at its end
        self._answer, theirs = socket.socketpair()
        request = {
            "module": module,
            "arguments": list(arguments),
            "folder": str(folder),
            "environment": dict(environment),
            "blocked": [int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, ())],
        }
        with theirs:
            _forking("commands").ask(request, stdin, *(file.fileno() for file in self._output), theirs.fileno())
        self.pid = NUMBER.unpack(self._answer.recv(NUMBER.size, socket.MSG_WAITALL))[0]

    def poll(self) -> int | None:
        """The exit code, -N for one ended by signal N, or None as long as it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the exit code; raises TimeoutExpired after so many seconds."""
        if self.returncode is None:
            self.returncode = _exit_code(self._answer, self.args, timeout)
        return int(self.returncode)

    def communicate(self, *, timeout: float | None = None) -> tuple[str, str]:
        """Wait for its end, and give what it wrote to standard output and standard error."""
        self.wait(timeout)
        written = []
        for file in self._output:
            file.seek(0)
            written.append(file.read().decode())
            file.close()
        return written[0], written[1]

    def send_signal(self, number: int) -> None:
        """Send a signal to it, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def __enter__(self) -> Forked:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.wait()
        for file in self._output:
            file.close()


def _exit_code(answer: socket.socket, arguments: Any, timeout: float | None) -> int:
    """The exit code of a process that the forking one has forked. Raises TimeoutExpired after so many seconds."""
    answer.settimeout(timeout)
    try:
        code: int = NUMBER.unpack(answer.recv(NUMBER.size, socket.MSG_WAITALL))[0]
    except (BlockingIOError, TimeoutError):
        raise subprocess.TimeoutExpired(arguments, timeout or 0) from None
    answer.close()
    return code


class ForkedStrategies(ForkingPopen):
    """The strategy process of a test: forked from a process that does this alone, and is small beside a test's."""

    def _fork(self, start: Start, descriptors: list[int]) -> None:
        self._answer, theirs = socket.socketpair()
        with theirs:
            _forking("strategies").ask({"start": asdict(start)}, *descriptors, theirs.fileno())
        self.pid = NUMBER.unpack(self._answer.recv(NUMBER.size, socket.MSG_WAITALL))[0]

    def _internal_poll(self, *_: object, **__: object) -> int | None:
        if not hasattr(self, "_answer"):
            return super()._internal_poll()  # type: ignore[misc,no-any-return]
        with suppress(subprocess.TimeoutExpired):
            self._wait(0)
        return self.returncode

    def _wait(self, timeout: float | None) -> int:
        if not hasattr(self, "_answer"):
            return super()._wait(timeout)  # type: ignore[misc,no-any-return]
        if self.returncode is None:
            self.returncode = _exit_code(self._answer, self.args, timeout)
        return int(self.returncode)


class _Forking:
    """The process that forks."""

    def __init__(self, what: str) -> None:
        self._requests, theirs = socket.socketpair()
        self._lock = Lock()
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fakes.forking", what],
                cwd=_ROOT,
                env={**inherited, "PYTHONPATH": str(_ROOT), "OPENBLAS_NUM_THREADS": "1"},
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
            )
        atexit.register(self._end)

    def ask(self, request: Mapping[str, object], *descriptors: int) -> None:
        """Send a request, with the child's three standard streams and the socket for the answer."""
        body = json.dumps(request).encode()
        with self._lock:
            socket.send_fds(self._requests, [NUMBER.pack(len(body))], descriptors)
            self._requests.sendall(body)

    def _end(self) -> None:
        self._requests.close()
        self._process.wait()


@cache
def _forking(what: str) -> _Forking:
    return _Forking(what)
