"""Limits that the strategy process sets for itself before it loads a strategy."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

from tradebot.plugins.process import linux

_C_LIBRARY = ctypes.CDLL(None) if os.name == "posix" else None


def become(user: str) -> None:
    """Take the identity of ``user``, unless "", and give up every privilege.

    Raises RuntimeError if there is no such user, or the process may not.
    """
    if user:
        try:
            import pwd

            entry = pwd.getpwnam(user)
            os.setgroups([entry.pw_gid])
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)
        except (ImportError, KeyError):
            raise RuntimeError(f"STRATEGY_USER: this system has no user {user!r}") from None
        except OSError as error:
            raise RuntimeError(f"STRATEGY_USER {user!r} needs tradebot to run as root ({error.strerror})") from None
        linux.end_with_parent()  # the kernel forgets it when the user changes
    linux.drop_privileges()


def limit_memory(megabytes: int) -> None:
    """Limit the memory of this process, and forbid core dumps. 0 sets no limit.

    Linux limits the data that a process writes to (RLIMIT_DATA), other systems its addresses, if they do. Windows has
    no such limit. Source: setrlimit(2).
    """
    try:
        import resource
    except ImportError:
        return
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if megabytes:
        kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (megabytes << 20, megabytes << 20))


def flush_c_streams() -> None:
    """Flush the buffers of the C library."""
    if _C_LIBRARY is not None:
        _C_LIBRARY.fflush(None)
