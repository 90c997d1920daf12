"""The command's side of the three pipes to one process: requests go in, answers and output come out."""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from typing import IO

from tradebot.plugins.process import linux
from tradebot.plugins.process.framing import Frame, read_frame
from tradebot.plugins.process.output import OutputLog

_READ_BYTES = 1 << 20
_MAX_AHEAD = 2  # answers that were read and not taken


class Channel:
    """Sends requests to one process and takes its answers, in threads of its own. ``end`` ends them."""

    def __init__(self, requests: IO[bytes], answers: IO[bytes], output: IO[bytes], pid: int = 0) -> None:
        """pid: the process id; 0 for the first process, whose end is known otherwise."""
        self.pid = pid
        self.output = OutputLog(output)
        self._pipes = (requests, answers)
        self._requests = _Requests(requests)
        self._answers = _Answers(answers)
        self._open = 0  # messages without an answer
        linux.widen_pipe(requests.fileno())

    @property
    def is_open(self) -> bool:
        """Whether a message has no answer yet."""
        return self._open > 0

    def send(self, content: bytes, max_answer: int) -> None:
        """Send a message whose answer has arrays of so many bytes at most, without waiting."""
        self._open += 1
        self._answers.max_body = max(max_answer, self._answers.max_body if self._open > 1 else 0)
        self._requests.send(content)

    def take(self, seconds: float) -> Frame | Exception:
        """The answer to the oldest message that has none, or the error that ended the answers.

        Raises queue.Empty if there is none within so many seconds.
        """
        answer = self._answers.take(seconds)
        self._open -= 1
        return answer

    def end(self) -> None:
        """Log what is left of the output, and close the pipes. The process has ended."""
        self._requests.end()
        self._answers.end()
        self.output.close()
        for pipe in self._pipes:
            with suppress(OSError):
                pipe.close()


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
    """Reads the pipe of answers in a thread of its own. The last answer is an exception.

    It reads few answers ahead, however many the process sends.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self.max_body = 0  # bytes of the arrays of an answer, at most
        self._queue: queue.SimpleQueue[Frame | Exception] = queue.SimpleQueue()
        self._room = threading.Semaphore(_MAX_AHEAD)
        self._pipe = pipe
        threading.Thread(target=self._read, daemon=True).start()

    def take(self, seconds: float) -> Frame | Exception:
        """The next answer. Raises queue.Empty if there is none within so many seconds."""
        answer = self._queue.get(timeout=seconds)
        self._room.release()
        return answer

    def end(self) -> None:
        """End the thread, once the pipe has ended or is closed."""
        self._room.release(_MAX_AHEAD)

    def _read(self) -> None:
        try:
            while self._room.acquire():
                self._queue.put(read_frame(self._read_exactly, lambda: self.max_body))
        except Exception as error:  # noqa: BLE001 - the bytes come from a process that is not trusted
            self._queue.put(error)

    def _read_exactly(self, size: int) -> bytearray:
        content = bytearray()
        while len(content) < size:
            part = self._pipe.read(min(size - len(content), _READ_BYTES))
            if not part:
                raise EOFError
            content += part
        return content
