"""Append-only line files, one entry a line.

A crash, a power cut or a full disk can leave the last line incomplete. A later line is never joined to an incomplete
one, and earlier lines never change. Each user of these files states how it reads an incomplete line.
"""

from __future__ import annotations

import os
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

from tradebot.home.atomic_files import make_folder, sync_folder
from tradebot.home.regular_files import open_regular, open_to_read


class LineWriter:
    """Writes lines to an open file from its position on, each in one system call.

    A line break precedes a line if the byte before it is not one. ``shared``: other processes append to the same file,
    so the byte before is unknown, and a line break precedes every line.
    """

    def __init__(self, file: FileIO, *, shared: bool = False) -> None:
        self._file = file
        self._shared = shared
        self._at_line_start = not shared and _is_at_line_start(file)

    @classmethod
    def appending(cls, path: Path, *, shared: bool = False, permissions: int = 0o644) -> Self:
        """Open a file for appending; a missing one is created with ``permissions``. Raises OSError."""

        def open_with_permissions(name: str, flags: int) -> int:
            return open_regular(Path(name), flags, permissions)

        return cls(FileIO(path, "a" if shared else "a+", opener=open_with_permissions), shared=shared)

    def write(self, line: str) -> None:
        """Write a line. It survives the end of this process, and a power cut after ``sync``.

        Raises OSError, also when the disk took only a part of the line.
        """
        content = (f"{line}\n" if self._at_line_start else f"\n{line}\n").encode(errors="surrogateescape")
        self._at_line_start = False  # until the whole line is written
        if self._file.write(content) < len(content):
            raise OSError("the disk is full")
        self._at_line_start = not self._shared

    def sync(self) -> None:
        """Flush the lines and the folder entry to disk. Raises OSError."""
        os.fsync(self._file.fileno())
        sync_folder(Path(os.fsdecode(self._file.name)).parent)

    def fileno(self) -> int:
        """The file descriptor."""
        return self._file.fileno()

    def close(self) -> None:
        """Close the file, without ``sync``."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def append(path: Path, line: str, *, shared: bool = False, permissions: int = 0o644) -> None:
    """Append a line, which is on disk when this returns. A missing file or folder is created. Raises OSError."""
    make_folder(path.parent)
    with LineWriter.appending(path, shared=shared, permissions=permissions) as writer:
        writer.write(line)
        writer.sync()


def read_lines(path: Path, *, last_bytes: int | None = None) -> tuple[str, ...]:
    """The lines of a file, oldest first, without blank ones; none if the file is missing. Raises OSError.

    The last line may be incomplete. ``last_bytes`` limits reading to the end of the file, from the first whole line in
    it on.
    """
    try:
        file = open_to_read(path)
    except FileNotFoundError:
        return ()
    with file:
        start = 0 if last_bytes is None else max(0, file.seek(0, os.SEEK_END) - last_bytes)
        file.seek(start)
        if start:
            file.readline()
        content = file.read().decode("utf-8", errors="replace")
    return tuple(line for line in content.split("\n") if line.strip())


def _is_at_line_start(file: FileIO) -> bool:
    position = file.tell()
    if position == 0:
        return True
    file.seek(position - 1)
    return file.read(1) == b"\n"
