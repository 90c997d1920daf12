"""The folder of backups: names that sort by time, how many are kept, and when the last one was made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tradebot.home import paths
from tradebot.home.atomic_files import replace_text

_STAMP = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"-(\d{8}T\d{6}Z)\.db$")


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was proved sound, and when it was made: the machine's time, aware UTC."""

    path: Path
    at: datetime


def name_of(database: Path, wall: datetime) -> str:
    """What a backup of ``database`` is called: ``trading_robot-20070103T153000Z.db``."""
    return f"{database.stem}-{wall.astimezone(UTC):{_STAMP}}.db"


def kept_in(folder: Path, database: Path) -> tuple[Backup, ...]:
    """The backups of ``database`` in a folder, oldest first. Raises OSError."""
    return tuple(sorted(_named(folder, database), key=lambda backup: backup.at))


def _named(folder: Path, database: Path) -> Iterator[Backup]:
    for path in folder.glob(f"{database.stem}-*.db"):
        stamp = _NAME.search(path.name)
        if stamp and path.name == f"{database.stem}-{stamp[1]}.db":
            yield Backup(path, datetime.strptime(stamp[1], _STAMP).replace(tzinfo=UTC))


def drop_old(folder: Path, database: Path, keep: int) -> tuple[Path, ...]:
    """Remove all but the ``keep`` newest backups, and say which. Other files are left alone. Raises OSError."""
    old = tuple(backup.path for backup in kept_in(folder, database)[:-keep])
    for path in old:
        path.unlink(missing_ok=True)
    return old


def remember(home: Path, backup: Backup) -> None:
    """Write down when the last backup was made, and where. Raises OSError."""
    replace_text(paths.last_backup_file(home), f"{backup.at.isoformat()} {backup.path}\n")


def last(home: Path) -> Backup | None:
    """The last backup that was made, wherever it was put; None when there is none, or it cannot be read."""
    try:
        at, _, path = paths.last_backup_file(home).read_text(encoding="utf-8").strip().partition(" ")
        return Backup(Path(path), datetime.fromisoformat(at))
    except (OSError, ValueError):
        return None
