"""A process for each strategy, forked from one that runs no strategy's code and hands requests and answers on.

A strategy that changes modules, keeps threads or answers twice does so in its own process: what another one computes
and sends never passes through it. Linux alone: elsewhere a fork is not safe once libraries are loaded.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from tradebot.plugins.process import linux
from tradebot.plugins.process.framing import LENGTHS, read_exactly, write_all
from tradebot.plugins.process.launcher import private

_CHUNK = 1 << 20
_REAP_SECONDS = 1.0

#: Answers the requests of one pipe on another until the first ends.
AnswerRequests = Callable[[int, int], NoReturn]


@dataclass(frozen=True, slots=True)
class _Process:
    """The process of one strategy."""

    pid: int
    requests: int  # the descriptor to write to
    answers: int  # the descriptor to read from


def hand_on(requests: int, answers: int, answer_requests: AnswerRequests) -> NoReturn:
    """Hand each request to the process of its strategy, and one answer back, until the command ends.

    If the process that was asked ends, this one ends with the same status.
    """
    linux.hide_memory()  # from the strategies, and theirs from each other
    strategies = _Strategies(requests, answers, answer_requests)
    signal.signal(signal.SIGCHLD, strategies.reap)
    while True:
        try:
            lengths = read_exactly(requests, LENGTHS.size)
            header_bytes, body_bytes = LENGTHS.unpack(lengths)
            header, body = read_exactly(requests, header_bytes), read_exactly(requests, body_bytes)
        except EOFError:
            os._exit(0)
        strategies.ask(json.loads(header)["fields"]["name"], (lengths, header, body))


class _Strategies:
    """The processes of the strategies that were asked so far."""

    def __init__(self, requests: int, answers: int, answer_requests: AnswerRequests) -> None:
        self._requests = requests
        self._answers = answers
        self._answer_requests = answer_requests
        self._processes: dict[str, _Process] = {}
        self._ended: dict[int, int] = {}  # status by process id
        self._asked = 0  # process id

    def ask(self, name: str, request: Sequence[bytearray]) -> None:
        """Hand on one request to the process of the strategy ``name``, and its answer."""
        process = self._processes.pop(name, None)
        if process is not None and process.pid in self._ended:
            os.close(process.requests)
            os.close(process.answers)
            process = None
        if process is None:
            process = self._start()
        self._processes[name] = process
        self._asked = process.pid
        try:
            for part in request:
                write_all(process.requests, part)
            _copy_frame(process.answers, self._answers)
        except (EOFError, BrokenPipeError):
            self._end()
        self._asked = 0

    def reap(self, *_: object) -> None:
        """Take note of processes that ended. It handles SIGCHLD: something that was forked may hold their pipes."""
        try:
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                self._ended[ended[0]] = ended[1]
        except ChildProcessError:
            pass
        if self._asked in self._ended:
            code = os.waitstatus_to_exitcode(self._ended[self._asked])
            os._exit(code if code >= 0 else 128 - code)

    def _end(self) -> NoReturn:
        """End with the process that was asked. One that only closed its pipe is left for the command to kill."""
        time.sleep(_REAP_SECONDS)
        self.reap()
        os.close(self._answers)
        while True:
            signal.pause()

    def _start(self) -> _Process:
        """Start the process of a strategy, with the pipes to this one and no other descriptor."""
        to_read, requests = os.pipe()
        answers, to_write = os.pipe()
        linux.widen_pipe(requests)
        own = os.getpid()
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            linux.end_with_parent()
            if os.getppid() != own:
                os._exit(1)
            pipes = [private(end) for end in (to_read, to_write)]
            others = [end for process in self._processes.values() for end in (process.requests, process.answers)]
            for end in (self._requests, self._answers, to_read, requests, answers, to_write, *others):
                os.close(end)
            self._answer_requests(pipes[0], pipes[1])
        os.close(to_read)
        os.close(to_write)
        return _Process(pid, requests, answers)


def _copy_frame(source: int, target: int) -> None:
    """Copy one message without a look at it, however long it says it is. Raises EOFError where it ends early."""
    lengths = read_exactly(source, LENGTHS.size)
    write_all(target, lengths)
    left = sum(LENGTHS.unpack(lengths))
    while left:
        part = read_exactly(source, min(left, _CHUNK))
        write_all(target, part)
        left -= len(part)
