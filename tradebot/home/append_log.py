"""Files of lines that are only ever appended to, one entry a line.

A crash, a power cut or a full disk can leave the last line incomplete. Later entries are never joined to it, and
earlier ones are never touched. Each kind of file states what an incomplete line means to its reader.
"""

from __future__ import annotations

import os
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

from tradebot.home.atomic_files import make_folder, sync_folder


class LineWriter:
    """Writes lines into an open file from its position on, each in one system call.

    A line starts with a line break where the byte before it is none, so that it stands alone. ``shared``: other
    processes append to the same file, so that the byte before is not known, and every line starts with a break.
    """

    def __init__(self, file: FileIO, *, shared: bool = False) -> None:
        self._file = file
        self._shared = shared
        self._at_line_start = not shared and _is_at_line_start(file)

    @classmethod
    def appending(cls, path: Path, *, shared: bool = False, permissions: int = 0o644) -> Self:
        """Open the file of this path to be appended to; make it with ``permissions`` if need be. Raises OSError."""

        def open_with_permissions(name: str, flags: int) -> int:
            return os.open(name, flags, permissions)

        return cls(FileIO(path, "a" if shared else "a+", opener=open_with_permissions), shared=shared)

    def write(self, line: str) -> None:
        """Write a line, which outlives this process, and a power cut after ``sync``. Raises OSError."""
        content = f"{line}\n" if self._at_line_start else f"\n{line}\n"
        encoded = content.encode()
        self._at_line_start = False  # unless the write proves whole
        if self._file.write(encoded) < len(encoded):
            raise OSError("the disk is full")
        self._at_line_start = not self._shared

    def sync(self) -> None:
        """Bring the lines and the file's name to disk. Raises OSError."""
        os.fsync(self._file.fileno())
        sync_folder(Path(os.fsdecode(self._file.name)).parent)

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def append(path: Path, line: str, *, shared: bool = False, permissions: int = 0o644) -> None:
    """Append a line, on disk when this returns; make the file and its folder if need be. Raises OSError."""
    make_folder(path.parent)
    with LineWriter.appending(path, shared=shared, permissions=permissions) as writer:
        writer.write(line)
        writer.sync()


def read_lines(path: Path, *, last_bytes: int | None = None) -> tuple[str, ...]:
    """The lines of a file, oldest first, without blank ones; none if there is no file. Raises OSError.

    The last line may be incomplete. ``last_bytes`` reads the end of the file alone, from the first line that starts
    there.
    """
    try:
        file = path.open("rb")
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
