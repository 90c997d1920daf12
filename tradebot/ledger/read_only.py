"""A ledger that is only looked at: no statement may write, and its folder need not be writable.

SQLite reads a database in WAL mode with two files beside it, which it makes if they are missing. Where the folder
cannot be written and no ``-wal`` holds newer commits, the file is read as one that never changes
(https://www.sqlite.org/wal.html#read_only_databases).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tradebot.errors import LedgerBusy, LedgerError
from tradebot.ledger.database import Database, open_database, open_without_migrating
from tradebot.settings.ledger_location import LedgerLocation

#: Seconds that a look waits for a process that holds the ledger for itself, which no job of ours does.
LOOK_BUSY_SECONDS = 2.0


@contextmanager
def open_read_only(location: LedgerLocation, *, migrates: bool = True) -> Iterator[Database]:
    """Open the ledger for reading. One that an older version wrote is migrated, if this user may and it ``migrates``.

    Raises LedgerError as ``open_database`` does, and LedgerBusy at the end if another user's process wrote into a file
    that was read as one that never changes.
    """
    if not isinstance(location, Path) or not _is_frozen(location):
        if migrates:
            opened = open_database(location, create=False)
        else:
            opened = open_without_migrating(location, busy_seconds=LOOK_BUSY_SECONDS)
        with closing(opened) as database:
            database.engine.refuse_writes()
            yield database
        return
    before = _state_of(location)
    try:
        frozen = open_without_migrating(location, frozen=True)
    except LedgerError as error:
        raise LedgerError(
            f"{error} Its folder cannot be written: copy the home to where it can be, and look there."
        ) from error
    with closing(frozen):
        yield frozen
    if _state_of(location) != before:
        raise LedgerBusy(f"The ledger {location} was written while it was read. Run the command again.")


def _is_frozen(path: Path) -> bool:
    """Whether the ledger is all in one file, in a folder where this user can make no other."""
    return path.is_file() and not _may_write(path.parent) and not _newer_commits(path).exists()


def _may_write(folder: Path) -> bool:
    by_effective_user = os.access in os.supports_effective_ids
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=by_effective_user)


def _newer_commits(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _state_of(path: Path) -> tuple[int, int, bool]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, _newer_commits(path).exists()
