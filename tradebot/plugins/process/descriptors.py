"""Descriptors that no other program inherits."""

from __future__ import annotations

import os

#: Descriptors of the worker from here on, so that a strategy that closes the first ones seldom meets them.
HIGH = 200
#: Descriptors of the command from here on: it may have closed the standard ones, and a low one would be taken for such.
ABOVE_STANDARD = 3


def private(descriptor: int, lowest: int = HIGH) -> int:
    """A copy of a descriptor that a program started later does not inherit.

    On POSIX it is at least ``lowest``, unless the limit of open files is lower.
    """
    try:
        import fcntl
    except ImportError:
        return os.dup(descriptor)
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, lowest)
    except OSError:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, ABOVE_STANDARD)
