"""The worker of Linux: forks a process for each strategy, on demand of the command, and runs no strategy's code itself.

The command gets the ends of the pipes to each process and asks it without the worker in between. A strategy that
changes modules, keeps threads or answers twice does so in its own process: what another one computes and sends never
passes through it. Linux alone: elsewhere a fork is not safe once libraries are loaded.
"""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from tradebot.plugins.process import linux
from tradebot.plugins.process.descriptors import private

#: Asks for one process more.
FORK = b"fork"

#: Answers the requests of one pipe on another until the first ends.
AnswerRequests = Callable[[int, int], NoReturn]


def serve_forks(descriptor: int, answer_requests: AnswerRequests) -> NoReturn:
    """Fork a process for each message of the command, until it closes its end of the connection ``descriptor``.

    The answer is {"started": process id} with the descriptors of its requests, answers and output, or {"failed": why}.
    When a process ends, the command is sent {"ended": process id, "code": exit code}, the code as a shell gives it: 128
    and the signal's number for a process that a signal ended.
    """
    control = socket.socket(fileno=descriptor)
    signal.signal(signal.SIGCHLD, lambda *_: _reap(control))
    while control.recv(len(FORK)):
        try:
            _fork(control, answer_requests)
        except OSError as error:
            _send(control, {"failed": str(error)})
    os._exit(0)


def _fork(control: socket.socket, answer_requests: AnswerRequests) -> None:
    """Start a process with three pipes to the command and no other descriptor. Raises OSError if there can be none."""
    ends: list[int] = []
    try:
        for _ in range(3):
            ends += os.pipe()
        to_read, requests, answers, to_write, output, to_print = ends
        linux.widen_pipe(requests)
        own = os.getpid()
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            linux.end_with_parent()
            if os.getppid() != own:
                os._exit(1)
            for stream in (1, 2):
                os.dup2(to_print, stream)
            pipes = [private(end) for end in (to_read, to_write)]
            for end in (*ends, control.detach()):
                os.close(end)
            answer_requests(pipes[0], pipes[1])
        _send(control, {"started": pid}, (requests, answers, output))
    finally:
        for end in ends:
            os.close(end)


def _reap(control: socket.socket) -> None:
    """Tell the command which processes ended, and how: something that was forked may hold their pipes."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            code = os.waitstatus_to_exitcode(ended[1])
            _send(control, {"ended": ended[0], "code": code if code >= 0 else 128 - code})


def _send(control: socket.socket, message: dict[str, object], descriptors: tuple[int, ...] = ()) -> None:
    with suppress(BrokenPipeError, ConnectionError):  # the command ended
        socket.send_fds(control, [json.dumps(message).encode()], descriptors)
