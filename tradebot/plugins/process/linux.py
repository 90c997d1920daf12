"""Calls of the Linux kernel that isolate the strategy process. Elsewhere, or refused, they do nothing.

Sources: prctl(2), capabilities(7), proc(5).
"""

from __future__ import annotations

import ctypes
import signal
import sys
from pathlib import Path

_SET_PDEATHSIG = 1
_SET_DUMPABLE = 4
_SET_CHILD_SUBREAPER = 36
_SET_NO_NEW_PRIVILEGES = 38
_CAPABILITIES_VERSION_3 = 0x20080522

_PIPE_BYTES = 1 << 20  # the most that a process without privileges may ask for, unless configured otherwise

_C_LIBRARY = ctypes.CDLL(None) if sys.platform == "linux" else None


def hide_memory() -> None:
    """Keep other processes of this user from reading this one's memory, environment and descriptors.

    Processes with CAP_SYS_PTRACE, such as those of root, still can.
    """
    _prctl(_SET_DUMPABLE, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def end_with_parent() -> None:
    """Have SIGKILL sent to this process when its parent ends."""
    _prctl(_SET_PDEATHSIG, signal.SIGKILL)


def widen_pipe(descriptor: int) -> int:
    """Let a pipe hold a message of common size, so that it passes in one go. The bytes that it holds; 0 elsewhere.

    Source: pipe(7), fcntl(2).
    """
    if sys.platform != "linux":
        return 0
    import fcntl

    try:
        return fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except OSError:  # the user has too many
        return fcntl.fcntl(descriptor, fcntl.F_GETPIPE_SZ)


def drop_privileges() -> None:
    """Give up all capabilities for good, also of programs started later. A process of root is then like any other."""
    _prctl(_SET_NO_NEW_PRIVILEGES, 1)
    if _C_LIBRARY is not None:
        header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION_3, 0)
        nothing = (ctypes.c_uint32 * 6)()
        _C_LIBRARY.capset(ctypes.byref(header), ctypes.byref(nothing))


def children(pid: int) -> tuple[int, ...]:
    """The direct children of the main thread of ``pid``; () where the kernel does not list them."""
    try:
        return tuple(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()))
    except OSError:
        return ()


def _prctl(option: int, value: int) -> None:
    if _C_LIBRARY is not None:
        _C_LIBRARY.prctl(option, value, 0, 0, 0)
