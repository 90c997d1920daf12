"""The file of tokens and sessions in a home's state folder: only its owner may read it, and it holds digests alone.

It is no part of the ledger: a broken ledger locks nobody out of the stop. A file that cannot be understood lets nobody
in.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tradebot.errors import ConfigError, Problem
from tradebot.home.atomic_files import make_folder, replacement, write_error_text
from tradebot.home.regular_files import check_regular, read_text
from tradebot.web.access.records import AccessRecords, from_json, to_json

_LOG = logging.getLogger(__name__)
#: Seconds to wait for another process that changes the file.
_LOCK_TIMEOUT = 5.0
_MISSING = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class _Read:
    version: tuple[int, int, int]  # of the file: number, size and time of its last change
    records: AccessRecords
    trouble: str = ""  # why it cannot be understood


class AccessFile:
    """The tokens and sessions of a home. Other processes may change them at the same time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = _Read(_MISSING, AccessRecords())

    def records(self) -> AccessRecords:
        """What the file holds now; nothing where it is missing or cannot be understood. Costs a look at its date."""
        version = self._version()
        if version != self._read.version:
            self._read = self._load(version)
            if self._read.trouble:
                _LOG.error("nobody can log in: %s %s", self._path, self._read.trouble)
        return self._read.records

    def readable_records(self) -> AccessRecords:
        """What the file holds now. Raises ConfigError where it cannot be understood."""
        return self._understood(self._load(self._version()))

    def change(self, changed: Callable[[AccessRecords], AccessRecords]) -> AccessRecords:
        """Replace the records by what ``changed`` makes of them. Raises ConfigError where that fails."""
        from filelock import FileLock, Timeout

        try:
            lock = self._path.with_suffix(".lock")
            make_folder(self._path.parent)
            check_regular(lock)
            with FileLock(lock, timeout=_LOCK_TIMEOUT):
                before = self._understood(self._load(self._version()))
                after = changed(before)
                if after != before:
                    self._write(to_json(after))
                return after
        except Timeout as error:
            fix = "Try again, and end the process that holds it if that does not help."
            raise ConfigError([Problem(str(self._path), "another process holds its lock", fix)]) from error
        except OSError as error:
            raise write_error_text(self._path, error) from error

    def _understood(self, read: _Read) -> AccessRecords:
        if read.trouble:
            fix = "Remove it, then make new tokens: the old ones are void with it."
            raise ConfigError([Problem(str(self._path), f"it {read.trouble}", fix)])
        return read.records

    def _write(self, text: str) -> None:
        with replacement(self._path) as temporary:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(text)

    def _load(self, version: tuple[int, int, int]) -> _Read:
        if version == _MISSING:
            return _Read(version, AccessRecords())
        try:
            return _Read(version, from_json(read_text(self._path, "surrogateescape")))
        except OSError as error:
            return _Read(version, AccessRecords(), f"cannot be read ({error.strerror or error})")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return _Read(version, AccessRecords(), "is no file of tokens and sessions that this version understands")

    def _version(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except OSError:
            return _MISSING
        return found.st_ino, found.st_size, found.st_mtime_ns
