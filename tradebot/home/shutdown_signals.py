"""^C and SIGTERM as a request that a job checks between its steps, so that no step is interrupted."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

from tradebot.errors import ExitCode, Stopped

#: The signals that ask a process to end, if the system has them, with the exit code for each.
SIGNALS = {
    signal.Signals[name]: code
    for name, code in (
        ("SIGINT", ExitCode.INTERRUPTED),
        ("SIGTERM", ExitCode.TERMINATED),
        ("SIGBREAK", ExitCode.TERMINATED),  # Windows: Ctrl-Break
    )
    if hasattr(signal, name)
}

_Handler = Callable[[int, FrameType | None], object] | int | None


class ShutdownSignals:
    """A context manager that records the signals of ``SIGNALS`` instead of letting them interrupt the code.

    Enter it in the main thread. The first signal decides the exit code.
    """

    def __init__(self) -> None:
        self._exit_code: ExitCode | None = None
        self._previous: dict[int, _Handler] = {}

    def check(self) -> None:
        """Raise Stopped if a signal has arrived."""
        if self._exit_code is not None:
            raise Stopped(self._exit_code)

    def __enter__(self) -> Self:
        for number, code in SIGNALS.items():
            self._previous[number] = signal.signal(number, self._recorder(code))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        self._previous.clear()

    def _recorder(self, code: ExitCode) -> Callable[[int, FrameType | None], None]:
        def handler(number: int, frame: FrameType | None) -> None:
            self._exit_code = self._exit_code or code

        return handler
