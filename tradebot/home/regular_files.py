"""Opening files by name without waiting: what is not a regular file is refused.

A pipe lets its reader wait for ever, and so may a device. A link to a path that does not exist would pass as a missing
file. Each is an error here, and so is a folder.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import IO

#: Windows has none of these flags, and no pipes among its files.
_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class NotRegularFile(OSError):
    """A folder, pipe, device, socket or dangling link stands where a file belongs."""

    def __init__(self, what: str, path: Path) -> None:
        super().__init__(errno.EINVAL, what, str(path))

    def __str__(self) -> str:
        """What stands there: "it is a pipe, not a file"."""
        return str(self.strerror)


def check_regular(path: Path) -> None:
    """Raise NotRegularFile if the path is taken by anything but a regular file or a link to one.

    A free path passes. Raises OSError if the path cannot be looked at.
    """
    try:
        _check_mode(path.stat().st_mode, path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP) and path.is_symlink():
            raise NotRegularFile(f"it is a link to {path.readlink()}, which leads nowhere", path) from None
        if not isinstance(error, FileNotFoundError):
            raise


def check_database(path: Path) -> None:
    """``check_regular`` for a SQLite file and the files that SQLite opens beside it.

    Raises no other OSError: SQLite reports those itself.
    """
    for suffix in ("", "-wal", "-shm", "-journal"):
        try:
            check_regular(path.with_name(path.name + suffix))
        except NotRegularFile:
            raise
        except OSError:
            continue


def open_regular(path: Path, flags: int, permissions: int = 0o666) -> int:
    """``os.open`` for regular files alone. Never waits. Raises OSError."""
    check_regular(path)
    descriptor = os.open(path, flags | _FLAGS, permissions)
    try:
        _check_mode(os.fstat(descriptor).st_mode, path)  # another process may have replaced it
    except NotRegularFile:
        os.close(descriptor)
        raise
    return descriptor


def open_to_read(path: Path) -> IO[bytes]:
    """The open file, without a buffer. Raises OSError, FileNotFoundError if there is no such file."""
    return open(open_regular(path, os.O_RDONLY), "rb", buffering=0)


def read_bytes(path: Path) -> bytes:
    """The content of a file. Raises OSError."""
    with open_to_read(path) as file:
        return file.read()


def read_text(path: Path, errors: str = "strict") -> str:
    """The content of a UTF-8 file. Raises OSError and UnicodeDecodeError, which is a ValueError."""
    return read_bytes(path).decode("utf-8", errors)


def remove_name(path: Path) -> None:
    """Remove whatever has this name: a file, link, pipe or device by its name alone, a folder if it is empty.

    Raises OSError.
    """
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def _check_mode(mode: int, path: Path) -> None:
    if not stat.S_ISREG(mode):
        kind = next((text for is_kind, text in _KINDS if is_kind(mode)), "no regular file")
        raise NotRegularFile(f"it is {kind}, not a file", path)
