"""When ^C and SIGTERM are heard: while a command does its work, neither before it can answer nor while it answers.

A signal that is held waits; one that is still waiting when the process ends has come too late. Windows cannot hold
signals: there ^C may end a command in any line.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_CAN_HOLD = hasattr(signal, "pthread_sigmask")
_TO_END = (signal.SIGINT, signal.SIGTERM)


def hold() -> None:
    """Hear nothing from here on."""
    if _CAN_HOLD:
        signal.pthread_sigmask(signal.SIG_BLOCK, _TO_END)


def hear() -> None:
    """Hear what waits, at once, and what comes."""
    if _CAN_HOLD:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _TO_END)


@contextmanager
def as_before() -> Iterator[None]:
    """Leave signals held or heard as they were, whatever is done inside."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, ()) if _CAN_HOLD else None
    try:
        yield
    finally:
        if held is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
