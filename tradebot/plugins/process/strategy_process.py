"""The command's side of the strategy process: starts it, asks it, and kills it with everything that it started."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import weakref
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tradebot.home.paths import to_text
from tradebot.plugins.errors import PluginError, PluginStuck, PluginTimeout, ProcessUnavailable
from tradebot.plugins.process import launcher, linux
from tradebot.plugins.process.channel import Channel
from tradebot.plugins.process.descriptors import ABOVE_STANDARD, private
from tradebot.plugins.process.fork_client import ForkClient
from tradebot.plugins.process.framing import Frame, FrameError

if TYPE_CHECKING:
    from tradebot.plugins.process.messages import Request
    from tradebot.plugins.raw_signals import RawSignals

START_SECONDS = 60.0
KILL_SECONDS = 10.0
#: Seconds that a process which is ready may take to fork.
_FORK_SECONDS = 10.0
#: Seconds after the alarm of the process itself until it is killed.
_GRACE_SECONDS = 2.0
_POLL_SECONDS = 0.2
_REAP_SECONDS = 2.0
_IS_POSIX = os.name == "posix"

#: Strategies that compute at the same time, each with a processor; one where they share a process.
SIMULTANEOUS = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


@dataclass(frozen=True, slots=True)
class ProcessOptions:
    """How the strategy process runs."""

    environment: Mapping[str, str] = field(default_factory=dict)  # all that it gets
    memory_mb: int = 0  # megabytes that it may use; 0 for no limit
    user: str = ""  # the user that it runs as; "" for the command's own


class StrategyProcess:
    """One process, or on Linux one for each strategy, asked for signals again and again.

    Use it from one thread; ``end`` kills it.
    """

    def __init__(self, options: ProcessOptions, check_stop: Callable[[], None]) -> None:
        """Start the process without waiting until it is ready.

        check_stop: raises if the command was asked to stop; called while waiting for an answer.

        Raises ProcessUnavailable if the process cannot be started.
        """
        self._check_stop = check_stop
        self._child = _start(options)
        self._kill = weakref.finalize(self, _kill, self._child)
        popen = self._child.popen
        self._first = Channel(_pipe(popen.stdin), _pipe(popen.stdout), _pipe(popen.stderr))
        self._forks = None if self._child.control is None else ForkClient(self._child.control)
        self._channels: dict[str, Channel] = {}  # by strategy, where each has a process
        self._asked = 0  # requests so far
        self._open: deque[_Asked] = deque()  # those without an answer
        self._is_ready = False
        self._first.send(_setup(options), max_answer=0)

    def wait_until_ready(self) -> None:
        """Raise ProcessUnavailable if the process does not get ready to compute, and what ``check_stop`` raises."""
        if self._is_ready:
            return
        try:
            answer = self._wait(self._first, START_SECONDS)
        except PluginTimeout:
            answer = TimeoutError(f"it was not ready within {START_SECONDS:g} seconds")
        if isinstance(answer, Exception):
            self.end()
            last = self._first.output.tail().decode(errors="replace").strip().rpartition("\n")[2]
            raise ProcessUnavailable(f"no process for strategies could be started: {last or answer}")
        self._child.worker = int(answer.header["pid"])
        self._is_ready = True

    def ask(self, request: Request) -> None:
        """Send a request. Strategies that share a process are computed one after the other, in this order.

        Raises ProcessUnavailable if the process does not get ready, or that of the strategy cannot be started, and
        what ``check_stop`` raises.
        """
        from tradebot.plugins.conditions import MAX_CONDITIONS
        from tradebot.plugins.process.messages import encode_request  # imports pandas
        from tradebot.plugins.raw_signals import MAX_INDICATORS

        self.wait_until_ready()
        channel = self._channel(request.name)
        self._asked += 1
        self._open.append(_Asked(self._asked, request, channel))
        channel.output.expect(request.name, self._asked)
        max_answer = request.history.close.size * 8 * (MAX_INDICATORS + MAX_CONDITIONS + 5)
        channel.send(encode_request(request, self._asked), max_answer)

    def answer(self) -> RawSignals:
        """The signals for the oldest request without an answer. What the strategy printed is logged.

        Raises PluginError if it failed, PluginTimeout if it was too slow, PluginStuck if its alarm did not even end it,
        and what ``check_stop`` raises. A process that ended, or that was ended for being slow, has no further answers.
        """
        from tradebot.plugins.process.messages import answer_from

        asked = self._open.popleft()
        request, channel = asked.request, asked.channel
        try:
            answer = self._wait(channel, request.timeout_seconds + _GRACE_SECONDS)
        except PluginTimeout:
            self.end()
            raise PluginStuck(_too_slow(request, channel.output.tail())) from None
        if isinstance(answer, Exception):
            code = self._exit_code(channel) if isinstance(answer, EOFError) else None
            self.end()
            raise _failure(asked, answer, code)
        channel.output.finish(asked.number)
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
        for channel in (self._first, *self._channels.values()):
            channel.end()
        self._channels.clear()

    def _channel(self, name: str) -> Channel:
        """The pipes to the process of a strategy, which is started unless it runs."""
        if self._forks is None:
            return self._first
        channel = self._channels.get(name)
        if channel is not None and not channel.is_open and self._forks.exit_code(channel.pid) is not None:
            del self._channels[name]
            channel.end()
            channel = None
        if channel is None:
            process = self._forks.start(_FORK_SECONDS, self._check_stop)
            channel = Channel(process.requests, process.answers, process.output, process.pid)
            self._channels[name] = channel
        return channel

    def _wait(self, channel: Channel, seconds: float) -> Frame | Exception:
        """The next answer, or the error that ended the answers. Raises PluginTimeout, and what ``check_stop`` raises.

        It counts waits instead of reading a clock, which may be set meanwhile.
        """
        has_ended = False
        for _ in range(max(1, round(seconds / _POLL_SECONDS))):
            self._check_stop()
            with suppress(queue.Empty):
                return channel.take(_POLL_SECONDS)
            if has_ended:  # something that it started holds its pipes
                return EOFError()
            has_ended = self._forks is not None and self._forks.exit_code(channel.pid) is not None
        raise PluginTimeout

    def _exit_code(self, channel: Channel) -> int | None:
        """How the process of a channel ended; None if it goes on. It is given a moment to be reaped.

        Raises what ``check_stop`` raises.
        """
        for _ in range(round(_REAP_SECONDS / _POLL_SECONDS)):
            self._check_stop()
            if self._forks is not None and (code := self._forks.exit_code(channel.pid, _POLL_SECONDS / 2)) is not None:
                return code
            with suppress(subprocess.TimeoutExpired):
                return self._child.popen.wait(_POLL_SECONDS / 2)
        return None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that was sent."""

    number: int
    request: Request
    channel: Channel


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
    control: socket.socket | None  # to the fork server; None where strategies share the process
    worker: int = 0  # process id and process group of the worker, once it is known


def _start(options: ProcessOptions) -> _Child:
    linux.hide_memory()
    held, lifeline = _lifeline() if _IS_POSIX else (-1, -1)
    control, served = _control() if sys.platform == "linux" else (None, None)
    passed = (held, -1 if served is None else served.fileno())
    command = [sys.executable, "-I", "-u", "-X", "utf8", "-X", "faulthandler", launcher.__file__, *map(str, passed)]
    anchor = Path(sys.executable).absolute().anchor or os.sep
    try:
        popen = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
            env=dict(options.environment), cwd=anchor, **_apart(passed),
        )  # fmt: skip
    except OSError as error:
        _close(lifeline, control)
        raise ProcessUnavailable(f"no process for strategies could be started: {error}") from None
    finally:
        _close(held, served)
    return _Child(popen, lifeline, control)


def _apart(passed: Sequence[int]) -> dict[str, Any]:
    """The options of Popen that keep the process apart from the command's terminal, with some descriptors more."""
    if _IS_POSIX:
        return {"pass_fds": [descriptor for descriptor in passed if descriptor >= 0], "start_new_session": True}
    names = ("CREATE_NO_WINDOW", "CREATE_NEW_PROCESS_GROUP")
    return {"creationflags": sum(getattr(subprocess, name, 0) for name in names)}


def _lifeline() -> tuple[int, int]:
    """The two ends of a pipe, above the standard descriptors."""
    ends = os.pipe()
    moved = [private(end, ABOVE_STANDARD) for end in ends]
    for end in ends:
        os.close(end)
    return moved[0], moved[1]


def _control() -> tuple[socket.socket, socket.socket]:
    """The two ends of a connection that keeps messages apart, above the standard descriptors."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    moved = [socket.socket(fileno=private(end.fileno(), ABOVE_STANDARD)) for end in ends]
    for end in ends:
        end.close()
    return moved[0], moved[1]


def _close(descriptor: int, connection: socket.socket | None) -> None:
    if descriptor >= 0:
        os.close(descriptor)
    if connection is not None:
        connection.close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "the process is started with three pipes"
    return pipe


def _kill(child: _Child) -> None:
    """End the process: its supervisor kills the worker, its group and, on Linux, all its descendants."""
    popen = child.popen
    _close(child.lifeline, child.control)
    if _IS_POSIX:
        popen.send_signal(signal.SIGCONT)  # a strategy may have stopped the supervisor
    else:
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


def _failure(asked: _Asked, error: Exception, code: int | None) -> PluginError:
    """Why there was no answer. Call it after the end, so that the output is complete.

    code: how the process ended by itself; None if it did not.
    """
    if not isinstance(error, EOFError):
        return PluginError(f"its process sent {error}")
    output = asked.channel.output.tail()
    if b"Timeout (" in output:
        return PluginTimeout(_too_slow(asked.request, output))
    place = _place(asked.request, output)
    what = "it closed the pipe of its answers" if code is None else f"its process ended {_status(code)}"
    return PluginError(f"{what}; it was at {place}" if place else what)


def _status(code: int) -> str:
    if code > 128:
        with suppress(ValueError):
            return f"by {signal.Signals(code - 128).name}"
    return "by a signal to its supervisor" if code < 0 else f"with code {code}"


def _too_slow(request: Request, output: bytes) -> str:
    place = _place(request, output)
    message = f"no answer within {request.timeout_seconds:g} seconds"
    return f"{message}; it was at {place}" if place else message


def _place(request: Request, output: bytes) -> str:
    """The innermost line of the strategy in a traceback that the process wrote as it ended, as "FILE line N"."""
    dump = re.split(rb"Timeout \(|Fatal Python error", output)[-1].decode(errors="replace")
    for file, line in re.findall(r'File "([^"\n]+)", line (\d+)', dump):
        if Path(file).is_relative_to(request.folder):
            return f"{file} line {line}"
    return ""
