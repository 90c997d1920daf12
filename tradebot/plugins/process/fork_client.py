"""The command's side of the fork server: asks for the process of a strategy, and hears how each ended. Linux alone."""

from __future__ import annotations

import io
import json
import os
import select
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tradebot.plugins.errors import ProcessUnavailable
from tradebot.plugins.process.descriptors import ABOVE_STANDARD, private
from tradebot.plugins.process.fork_server import FORK

_MESSAGE_BYTES = 1 << 16
_PIPES = 3
_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class ForkedProcess:
    """A process that the fork server started, with the command's ends of its pipes."""

    pid: int
    requests: io.FileIO
    answers: io.FileIO
    output: io.FileIO


class ForkClient:
    """Asks a fork server. Use it from one thread."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._exit_codes: dict[int, int] = {}  # by process id

    def start(self, seconds: float, check_stop: Callable[[], None]) -> ForkedProcess:
        """Start a process.

        Raises ProcessUnavailable if there is none within so many seconds, and what ``check_stop`` raises.
        """
        with suppress(OSError):  # the server ended, which is seen below
            self._control.send(FORK)
        message: dict[str, Any] = {}
        for _ in range(round(seconds / _POLL_SECONDS)):
            check_stop()
            message, pipes = self._receive(_POLL_SECONDS)
            if len(pipes) == _PIPES:
                requests, answers, output = pipes
                return ForkedProcess(
                    int(message["started"]), io.FileIO(requests, "wb"), io.FileIO(answers), io.FileIO(output)
                )
            if message and "ended" not in message:
                break
        raise ProcessUnavailable(f"no process for it could be started: {message.get('failed', 'no answer')}")

    def exit_code(self, pid: int, seconds: float = 0.0) -> int | None:
        """How a process ended, as a shell gives it.

        Waits so many seconds for its end. None if it goes on, or if the server itself ended.
        """
        while pid not in self._exit_codes:
            message, _ = self._receive(seconds)
            if "ended" not in message:
                break
        return self._exit_codes.get(pid)

    def _receive(self, seconds: float) -> tuple[dict[str, Any], list[int]]:
        """The next message within so many seconds, or {}, and the pipes that came with it: none or all."""
        assert sys.platform == "linux"
        readable, _, _ = select.select([self._control], [], [], seconds)
        if not readable:
            return {}, []
        content = b""
        received: list[int] = []
        with suppress(OSError):
            content, received, _, _ = socket.recv_fds(self._control, _MESSAGE_BYTES, _PIPES, socket.MSG_CMSG_CLOEXEC)
        pipes = [private(end, ABOVE_STANDARD) for end in received]
        for end in received:
            os.close(end)
        message: dict[str, Any] = json.loads(content or b'{"failed": "the process that starts it has ended"}')
        if "ended" in message:
            self._exit_codes[int(message["ended"])] = int(message["code"])
        if len(pipes) != _PIPES:
            for end in pipes:
                os.close(end)
            pipes = []
        return message, pipes
