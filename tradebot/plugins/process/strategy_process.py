"""The command's side of the strategy process: starts it, asks it, and kills it with everything that it started."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tradebot.home.paths import to_text
from tradebot.plugins.errors import PluginError, PluginTimeout, ProcessUnavailable
from tradebot.plugins.process import launcher, linux
from tradebot.plugins.process.framing import Frame, FrameError, read_frame
from tradebot.plugins.process.output import OutputLog

if TYPE_CHECKING:
    from tradebot.plugins.process.messages import Request
    from tradebot.plugins.raw_signals import RawSignals

START_SECONDS = 60.0
KILL_SECONDS = 10.0
#: Seconds after the alarm of the process itself until it is killed.
_GRACE_SECONDS = 2.0
_POLL_SECONDS = 0.2
_READ_BYTES = 1 << 20
_REAP_SECONDS = 2.0
_IS_POSIX = os.name == "posix"


@dataclass(frozen=True, slots=True)
class ProcessOptions:
    """How the strategy process runs."""

    environment: Mapping[str, str] = field(default_factory=dict)  # all that it gets
    memory_mb: int = 0  # megabytes that it may use; 0 for no limit
    user: str = ""  # the user that it runs as; "" for the command's own


class StrategyProcess:
    """One process, asked for signals again and again. Use it from one thread; ``end`` kills it."""

    def __init__(self, options: ProcessOptions, check_stop: Callable[[], None]) -> None:
        """Start the process without waiting until it is ready.

        check_stop: raises if the command was asked to stop; called while waiting for an answer.

        Raises ProcessUnavailable if the process cannot be started.
        """
        self._check_stop = check_stop
        self._child = _start(options)
        self._kill = weakref.finalize(self, _kill, self._child)
        self._output = OutputLog(_pipe(self._child.popen.stderr))
        self._answers = _Answers(_pipe(self._child.popen.stdout))
        self._requests = _Requests(_pipe(self._child.popen.stdin))
        self._asked = 0  # requests so far
        self._open: deque[_Asked] = deque()  # those without an answer
        self._is_ready = False
        linux.widen_pipe(_pipe(self._child.popen.stdin).fileno())
        self._requests.send(_setup(options))

    def wait_until_ready(self) -> None:
        """Raise ProcessUnavailable if the process does not get ready to compute, and what ``check_stop`` raises."""
        if self._is_ready:
            return
        try:
            answer = self._wait(START_SECONDS)
        except PluginTimeout:
            answer = TimeoutError(f"it was not ready within {START_SECONDS:g} seconds")
        if isinstance(answer, Exception):
            self.end()
            last = self._output.tail().decode(errors="replace").strip().rpartition("\n")[2]
            raise ProcessUnavailable(f"no process for strategies could be started: {last or answer}")
        self._child.worker = int(answer.header["pid"])
        self._is_ready = True

    def ask(self, request: Request) -> None:
        """Send a request. The process computes one after the other, and answers in this order.

        Raises ProcessUnavailable if the process does not get ready, and what ``check_stop`` raises.
        """
        from tradebot.plugins.process.messages import encode_request  # imports pandas
        from tradebot.plugins.raw_signals import MAX_INDICATORS

        self.wait_until_ready()
        self._asked += 1
        max_body = request.history.close.size * 8 * (MAX_INDICATORS + 5)
        self._answers.max_body = max(max_body, self._answers.max_body if self._open else 0)
        self._open.append(_Asked(self._asked, request))
        self._output.expect(request.name, self._asked)
        self._requests.send(encode_request(request, self._asked))

    def answer(self) -> RawSignals:
        """The signals for the oldest request without an answer. What the strategy printed is logged.

        Raises PluginError if it failed, PluginTimeout if it was too slow, and what ``check_stop`` raises. A process
        that ended, or that was ended for being slow, has no further answers.
        """
        from tradebot.plugins.process.messages import answer_from

        asked = self._open.popleft()
        request = asked.request
        try:
            answer = self._wait(request.timeout_seconds + _GRACE_SECONDS)
        except PluginTimeout:
            self.end()
            raise _too_slow(request, self._output.tail()) from None
        if isinstance(answer, Exception):
            ended = self._has_ended()
            self.end()
            raise self._failure_of_process(request, answer, ended)
        self._output.finish(asked.number)
        try:
            return answer_from(answer)
        except FrameError as error:
            raise PluginError(f"its process sent {error}") from None

    @property
    def process_ids(self) -> tuple[int, int]:
        """The process ids of the supervisor and of the worker, which is 0 before it is ready."""
        return self._child.popen.pid, self._child.worker

    def end(self) -> None:
        """Kill the process and everything that it started. Calling it again does nothing."""
        self._kill()
        self._requests.end()
        self._output.close()

    def _wait(self, seconds: float) -> Frame | Exception:
        """The next answer, or the error that ended the answers. Raises PluginTimeout, and what ``check_stop`` raises.

        It counts waits instead of reading a clock, which may be set meanwhile.
        """
        for _ in range(max(1, round(seconds / _POLL_SECONDS))):
            self._check_stop()
            with suppress(queue.Empty):
                return self._answers.queue.get(timeout=_POLL_SECONDS)
        raise PluginTimeout

    def _has_ended(self) -> bool:
        """Whether the process ended by itself. It is given a moment to be reaped by its supervisor."""
        with suppress(subprocess.TimeoutExpired):
            self._child.popen.wait(_REAP_SECONDS)
        return self._child.popen.returncode is not None

    def _failure_of_process(self, request: Request, error: Exception, ended: bool) -> PluginError:
        """Why there was no answer. Call it after ``end``."""
        if not isinstance(error, EOFError):
            return PluginError(f"its process sent {error}")
        output = self._output.tail()
        if b"Timeout (" in output:
            return _too_slow(request, output)
        place = _place(request, output)
        what = (
            f"its process ended {_status(self._child.popen.returncode)}"
            if ended
            else "it closed the pipe of its answers"
        )
        return PluginError(f"{what}; it was at {place}" if place else what)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that was sent."""

    number: int
    request: Request


class _Requests:
    """Writes to the pipe of requests in a thread of its own: a process that does not read holds nobody up."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._pipe = pipe
        threading.Thread(target=self._write, daemon=True).start()

    def send(self, content: bytes) -> None:
        """Write a message after those before it, without waiting."""
        self._queue.put(content)

    def end(self) -> None:
        """End the thread."""
        self._queue.put(None)

    def _write(self) -> None:
        with suppress(OSError, ValueError):  # the process ended; the reader of answers reports it
            while (content := self._queue.get()) is not None:
                view = memoryview(content)
                while view:
                    view = view[self._pipe.write(view) :]


class _Answers:
    """Reads the pipe of answers in a thread of its own. The last thing in the queue is an exception."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self.queue: queue.SimpleQueue[Frame | Exception] = queue.SimpleQueue()
        self.max_body = 0  # bytes of the arrays of an answer, at most
        self._pipe = pipe
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while True:
                self.queue.put(read_frame(self._read_exactly, lambda: self.max_body))
        except Exception as error:  # noqa: BLE001 - the bytes come from a process that is not trusted
            self.queue.put(error)

    def _read_exactly(self, size: int) -> bytearray:
        content = bytearray()
        while len(content) < size:
            part = self._pipe.read(min(size - len(content), _READ_BYTES))
            if not part:
                raise EOFError
            content += part
        return content


def _setup(options: ProcessOptions) -> bytes:
    """The first message to the process: its module search path and limits."""
    path = [to_text(Path(place).absolute()) for place in sys.path]  # "" is the current folder
    setup = json.dumps({"path": path, "memory_mb": options.memory_mb, "user": options.user}).encode()
    return len(setup).to_bytes(4, "little") + setup


@dataclass(slots=True)
class _Child:
    """A started process."""

    popen: subprocess.Popen[bytes]
    lifeline: int  # the descriptor whose closing has the supervisor end everything; -1 on Windows
    worker: int = 0  # process id and process group of the worker, once it is known


def _start(options: ProcessOptions) -> _Child:
    linux.hide_memory()
    held, lifeline = _lifeline() if _IS_POSIX else (-1, -1)
    command = [sys.executable, "-I", "-u", "-X", "utf8", "-X", "faulthandler", launcher.__file__, str(held)]
    anchor = Path(sys.executable).absolute().anchor or os.sep
    try:
        popen = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
            env=dict(options.environment), cwd=anchor, **_apart(held),
        )  # fmt: skip
    except OSError as error:
        _close(lifeline)
        raise ProcessUnavailable(f"no process for strategies could be started: {error}") from None
    finally:
        _close(held)
    return _Child(popen, lifeline)


def _apart(held: int) -> dict[str, Any]:
    """The options of Popen that keep the process apart from the command's terminal, with one descriptor more."""
    if _IS_POSIX:
        return {"pass_fds": (held,), "start_new_session": True}
    names = ("CREATE_NO_WINDOW", "CREATE_NEW_PROCESS_GROUP")
    return {"creationflags": sum(getattr(subprocess, name, 0) for name in names)}


def _lifeline() -> tuple[int, int]:
    """The two ends of a pipe, above the standard descriptors, which the command may have closed."""
    import fcntl

    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 3) for end in ends]
    for end in ends:
        os.close(end)
    return moved[0], moved[1]


def _close(descriptor: int) -> None:
    if descriptor >= 0:
        os.close(descriptor)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "the process is started with three pipes"
    return pipe


def _kill(child: _Child) -> None:
    """End the process: its supervisor kills the worker, its group and, on Linux, all its descendants."""
    popen = child.popen
    _close(child.lifeline)
    if not _IS_POSIX:
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run(["taskkill", "/F", "/T", "/PID", str(popen.pid)], capture_output=True, timeout=KILL_SECONDS)
    try:
        popen.wait(KILL_SECONDS)
    except subprocess.TimeoutExpired:
        popen.kill()
        popen.wait()
    if popen.returncode < 0 and child.worker:  # the supervisor was killed and could not do it
        with suppress(OSError):
            os.killpg(child.worker, signal.SIGKILL)
    for pipe in (popen.stdin, popen.stdout):
        with suppress(OSError):
            _pipe(pipe).close()


def _status(code: int | None) -> str:
    if code is not None and code > 128:
        with suppress(ValueError):
            return f"by {signal.Signals(code - 128).name}"
    if code is not None and code < 0:
        return "by a signal to its supervisor"
    return f"with code {code}"


def _too_slow(request: Request, output: bytes) -> PluginTimeout:
    place = _place(request, output)
    message = f"no answer within {request.timeout_seconds:g} seconds"
    return PluginTimeout(f"{message}; it was at {place}" if place else message)


def _place(request: Request, output: bytes) -> str:
    """The innermost line of the strategy in a traceback that the process wrote as it ended, as "FILE line N"."""
    dump = re.split(rb"Timeout \(|Fatal Python error", output)[-1].decode(errors="replace")
    for file, line in re.findall(r'File "([^"\n]+)", line (\d+)', dump):
        if Path(file).is_relative_to(request.folder):
            return f"{file} line {line}"
    return ""
