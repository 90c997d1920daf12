"""When ^C, SIGTERM and Ctrl-Break are heard: while a command works, neither before it can answer nor while it does."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tradebot.errors import ExitCode
from tradebot.home.shutdown_signals import SIGNALS

_CAN_HOLD = hasattr(signal, "pthread_sigmask")  # Windows cannot


class AskedToEnd(KeyboardInterrupt):
    """Raised wherever a command is when a signal arrives; inside its jobs signals wait for the next step.

    A class of its own, because a plain KeyboardInterrupt that passes an ``exec``, as there are in many imports, makes
    CPython end the process by a signal, even when it was caught.
    """

    def __init__(self, exit_code: ExitCode) -> None:
        self.exit_code = exit_code
        super().__init__(exit_code.meaning)


@contextmanager
def answered() -> Iterator[None]:
    """Let signals raise AskedToEnd, as soon as they are heard.

    A caller who goes on afterwards gets its own handlers back. One who holds signals, as ``main`` does, is about to
    end with the code that was told, and no late signal shall change that.
    """
    ends_afterwards = _CAN_HOLD and signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    before = {number: signal.signal(number, _raise) for number in SIGNALS}
    try:
        yield
    finally:
        if not ends_afterwards:
            for number, handler in before.items():
                signal.signal(number, signal.SIG_DFL if handler is None else handler)


def hear() -> None:
    """Hear what was held, at once, and what comes."""
    if _CAN_HOLD:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def ignore() -> None:
    """Hear nothing more. Not held but ignored: a library's thread would hear what the main thread holds."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _raise(number: int, frame: FrameType | None) -> None:
    raise AskedToEnd(SIGNALS[signal.Signals(number)])
