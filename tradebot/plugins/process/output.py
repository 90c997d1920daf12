"""The output of strategies: what their process writes to its standard output and error goes to the log."""

from __future__ import annotations

import logging
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from tradebot.plugins.plain_text import plain

LOGGER = logging.getLogger(__name__)

#: Bytes of output that are logged for each computation.
MAX_OUTPUT_BYTES = 100_000
MAX_LINE_LENGTH = 1000
_TAIL_BYTES = 20_000
#: Seconds to wait for the rest of the output after an answer.
_FINISH_SECONDS = 1.0


def end_mark(number: int) -> bytes:
    """The mark after the output of the computation of this number, counted from 1."""
    return b"\0end of output %d\0\n" % number


@dataclass(frozen=True, slots=True)
class _Expected:
    """The output of one computation."""

    name: str  # of the strategy
    number: int
    mark: bytes  # its end


class OutputLog:
    """Reads the pipe in a thread of its own, so that a process that writes is never held up."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._lock = threading.Lock()
        self._has_ended = threading.Condition(self._lock)
        self._expected: deque[_Expected] = deque()  # the first one is being read
        self._kept = bytearray()  # not logged yet
        self._logged = 0  # bytes
        self._tail = b""
        self._name = ""  # of the strategy whose output is being read, or was read last
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def expect(self, name: str, number: int) -> None:
        """The output after that of all earlier computations is the one of the strategy ``name`` in this one."""
        with self._lock:
            if not self._expected:
                self._kept.clear()
                self._logged, self._tail = 0, b""
                self._name = name
            self._expected.append(_Expected(name, number, end_mark(number)))

    def finish(self, number: int) -> None:
        """Wait a moment until the mark of the computation arrives; all output before it is then logged."""
        with self._has_ended:
            self._has_ended.wait_for(lambda: self._is_past(number), _FINISH_SECONDS)
            while not self._is_past(number):
                self._begin_next()

    def close(self) -> None:
        """Log the rest of a process that has ended. A process that escaped may keep the pipe open."""
        self._thread.join(_FINISH_SECONDS)
        self._log_rest()
        if not self._thread.is_alive():
            self._pipe.close()

    def tail(self) -> bytes:
        """The newest output of the computation."""
        with self._lock:
            return self._tail

    def _read(self) -> None:
        with suppress(OSError, ValueError):
            while part := self._pipe.read(1 << 16):
                self._take(part)

    def _take(self, part: bytes) -> None:
        with self._lock:
            self._kept += part
            while self._expected and (mark := self._expected[0].mark) in self._kept:
                own, _, after = bytes(self._kept).partition(mark)
                self._kept = bytearray(own)
                self._begin_next()
                self._kept, part = bytearray(after), after
            self._tail = (self._tail + part)[-_TAIL_BYTES:]
            *lines, rest = bytes(self._kept).split(b"\n")
            if len(rest) > MAX_OUTPUT_BYTES:
                lines, rest = [*lines, rest], b""
            self._kept = bytearray(rest)
            self._log(lines)

    def _is_past(self, number: int) -> bool:
        return not self._expected or self._expected[0].number > number

    def _begin_next(self) -> None:
        """End the output that is being read."""
        self._log(bytes(self._kept).split(b"\n"))
        self._kept.clear()
        self._logged, self._tail = 0, b""
        self._expected.popleft()
        if self._expected:
            self._name = self._expected[0].name
        self._has_ended.notify_all()

    def _log_rest(self) -> None:
        with self._lock:
            self._log(bytes(self._kept).split(b"\n"))
            self._kept.clear()

    def _log(self, lines: list[bytes]) -> None:
        for line in lines:
            text = line.decode(errors="replace").rstrip()
            if not text.strip() or self._logged > MAX_OUTPUT_BYTES:
                continue
            self._logged += len(line)
            if self._logged > MAX_OUTPUT_BYTES:
                text = f"... (more than {MAX_OUTPUT_BYTES:,} bytes: the rest is left out)"
            LOGGER.info("strategy %s printed: %s", self._name, plain(text, MAX_LINE_LENGTH))
