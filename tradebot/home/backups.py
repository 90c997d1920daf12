"""The backup folder: file names, how many backups are kept, and when the last one was made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tradebot.home import paths
from tradebot.home.atomic_files import replace_text

_TIME_FORMAT = "%Y%m%dT%H%M%SZ"
_TIME_IN_NAME = re.compile(r"-(\d{8}T\d{6}Z)\.db$")


@dataclass(frozen=True, slots=True)
class Backup:
    """A verified backup. ``at`` is when it was made: the machine's time, aware UTC."""

    path: Path
    at: datetime


def backup_name(database: Path, wall: datetime) -> str:
    """The file name of a backup of ``database``, such as ``trading_robot-20070103T153000Z.db``. Names sort by time."""
    return f"{database.stem}-{wall.astimezone(UTC):{_TIME_FORMAT}}.db"


def backups_in(folder: Path, database: Path) -> tuple[Backup, ...]:
    """The backups of ``database`` in a folder, oldest first. Raises OSError."""
    return tuple(sorted(_named_backups(folder, database), key=lambda backup: backup.at))


def _named_backups(folder: Path, database: Path) -> Iterator[Backup]:
    for path in folder.glob(f"{database.stem}-*.db"):
        match = _TIME_IN_NAME.search(path.name)
        if match and path.name == f"{database.stem}-{match[1]}.db":
            yield Backup(path, datetime.strptime(match[1], _TIME_FORMAT).replace(tzinfo=UTC))


def delete_old(folder: Path, database: Path, keep: int) -> tuple[Path, ...]:
    """Delete all but the ``keep`` newest backups and return the deleted paths. Raises OSError.

    Files that are not backups of ``database`` stay.
    """
    old = tuple(backup.path for backup in backups_in(folder, database)[:-keep])
    for path in old:
        path.unlink(missing_ok=True)
    return old


def record_last(home: Path, backup: Backup) -> None:
    """Store time and path of the last backup. Raises OSError."""
    replace_text(paths.last_backup_file(home), f"{backup.at.isoformat()} {backup.path}\n")


def last_backup(home: Path) -> Backup | None:
    """The last backup that was recorded, in any folder; None if there is none or the record cannot be read."""
    try:
        at, _, path = paths.last_backup_file(home).read_text(encoding="utf-8").strip().partition(" ")
        return Backup(Path(path), datetime.fromisoformat(at))
    except (OSError, ValueError):
        return None
