"""^C and SIGTERM as a wish that is looked at between steps, never in the middle of one."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

from tradebot.errors import ExitCode, Stopped

#: The signals that ask a process to end, as far as the system has them, and what it ends with.
SIGNALS = {
    signal.Signals[name]: code
    for name, code in (
        ("SIGINT", ExitCode.INTERRUPTED),
        ("SIGTERM", ExitCode.TERMINATED),
        ("SIGBREAK", ExitCode.TERMINATED),  # how Windows asks a console program to end
    )
    if hasattr(signal, name)
}

_Handler = Callable[[int, FrameType | None], object] | int | None


class ShutdownSignals:
    """While entered (in the main thread), signals to end are remembered instead of obeyed; the first one counts."""

    def __init__(self) -> None:
        self._asked: ExitCode | None = None
        self._before: dict[int, _Handler] = {}

    def check(self) -> None:
        """Raise Stopped when the process has been asked to end."""
        if self._asked is not None:
            raise Stopped(self._asked)

    def __enter__(self) -> Self:
        for number, code in SIGNALS.items():
            self._before[number] = signal.signal(number, self._remember(code))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        self._before.clear()

    def _remember(self, code: ExitCode) -> Callable[[int, FrameType | None], None]:
        def handler(number: int, frame: FrameType | None) -> None:
            self._asked = self._asked or code

        return handler
