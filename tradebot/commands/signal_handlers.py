"""The handlers of SIGINT, SIGTERM and SIGBREAK: a signal ends the work of a command, and never its error handling."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tradebot.errors import ExitCode
from tradebot.home.shutdown_signals import SIGNALS

_CAN_BLOCK = hasattr(signal, "pthread_sigmask")  # false on Windows


class ShutdownRequested(KeyboardInterrupt):
    """Raised at the current line of a command when a signal arrives. A job defers signals to the end of its step.

    It is not a plain KeyboardInterrupt: CPython ends the process by a signal if one passes through an ``exec``, as in
    many imports, even if it was caught.
    """

    def __init__(self, exit_code: ExitCode) -> None:
        self.exit_code = exit_code
        super().__init__(exit_code.meaning)


@contextmanager
def installed() -> Iterator[None]:
    """Install handlers that raise ShutdownRequested.

    The previous handlers are restored afterwards, unless the caller blocks signals, as ``main`` does: its process ends
    next, and a late signal must not change the exit code.
    """
    ends_afterwards = _CAN_BLOCK and signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    before = {number: signal.signal(number, _raise) for number in SIGNALS}
    try:
        yield
    finally:
        if not ends_afterwards:
            for number, handler in before.items():
                signal.signal(number, signal.SIG_DFL if handler is None else handler)


def unblock() -> None:
    """Deliver the signals that were blocked, and the following ones."""
    if _CAN_BLOCK:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def ignore() -> None:
    """Ignore signals from now on. Blocking them would not do: a library's thread receives what the main one blocks."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _raise(number: int, frame: FrameType | None) -> None:
    raise ShutdownRequested(SIGNALS[signal.Signals(number)])
