"""The backup folder: file names, how many backups are kept, its disk, and when the last one was made."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from secrets import token_hex

from tradebot.home import paths
from tradebot.home.atomic_files import replace_text
from tradebot.home.regular_files import read_text

_TIME_FORMAT = "%Y%m%dT%H%M%SZ"
_TIME = r"(?P<at>\d{8}T\d{6}Z)(-(?P<number>\d+))?"
_TEMPORARY = ".unverified"
_ABANDONED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Backup:
    """A verified backup. ``at`` is when it was made: the machine's time, aware UTC."""

    path: Path
    at: datetime
    number: int = 1  # among those of one second


@dataclass(frozen=True, slots=True)
class BackupNames:
    """The file names of a home's backups, such as ``trading_robot-0f3a9c21-20070103T153000Z.db``.

    No other home gives these names: they hold an id that the home made for itself, hashed with the path of the home, so
    that neither a second machine nor a copy of the home shares it.
    """

    stem: str  # of the ledger's file
    home_id: str

    def temporary(self, folder: Path, wall: datetime) -> Path:
        """Make an empty hidden file, whose name reserves that of the backup made at ``wall``. Raises OSError.

        ``wall`` is the machine's time in whole seconds, aware UTC.
        """
        time = f"{wall.astimezone(UTC):{_TIME_FORMAT}}"
        newest = max((each.number for each in self.backups(folder) if each.at == wall), default=0)
        for number in count(newest + 1):
            name = f"{self.stem}-{self.home_id}-{time}{f'-{number}' if number > 1 else ''}.db"
            path = folder / f".{name}{_TEMPORARY}"
            with suppress(FileExistsError):
                path.open("xb").close()
                if not self.final(path).exists():
                    return path
                path.unlink()
        raise AssertionError("count never ends")

    def final(self, temporary: Path) -> Path:
        """The path of the backup whose name ``temporary`` reserves."""
        return temporary.with_name(temporary.name.removeprefix(".").removesuffix(_TEMPORARY))

    def backups(self, folder: Path) -> tuple[Backup, ...]:
        """The backups of the home in a folder, oldest first. Raises OSError."""
        return _named(folder, re.compile(rf"{re.escape(f'{self.stem}-{self.home_id}')}-{_TIME}\.db"))

    def unmarked(self, folder: Path) -> tuple[Backup, ...]:
        """The backups of any home in a folder that an earlier version named, without an id. Raises OSError."""
        return _named(folder, re.compile(rf"{re.escape(self.stem)}-{_TIME}\.db"))

    def delete_abandoned(self, folder: Path, wall: datetime) -> None:
        """Delete what backups of the home that were killed more than a day ago left behind. Raises OSError."""
        pattern = re.compile(rf"\.{re.escape(f'{self.stem}-{self.home_id}')}-{_TIME}\.db{_TEMPORARY}(-journal)?")
        for each in _named(folder, pattern):
            if wall - each.at > _ABANDONED:
                each.path.unlink(missing_ok=True)


def names_of(home: Path, database: Path) -> BackupNames:
    """The names of a home's backups; at first use the home gets its id. Raises OSError."""
    path = paths.backup_id_file(home)
    try:
        own = read_text(path, errors="replace").strip()
    except FileNotFoundError:
        own = ""
    if not own:
        own = token_hex(8)
        replace_text(path, f"{own}\n")
    return BackupNames(database.stem, sha256(own.encode() + os.fsencode(home.resolve())).hexdigest()[:8])


def delete_old(own: Iterable[Backup], keep: int) -> tuple[Path, ...]:
    """Delete all but the ``keep`` newest of a home's backups and return the deleted paths. Raises OSError."""
    old = tuple(each.path for each in sorted(own, key=_order)[:-keep])
    for path in old:
        path.unlink(missing_ok=True)
    return old


def mount_trouble(required: Path, folder: Path) -> str:
    """Why a backup folder is not on the drive that it should be on; "" if it is.

    required: a folder that has to be a mount point with the backup folder below it, or a file that has to exist.
    """
    if not os.path.exists(required):  # noqa: PTH110 - it never raises
        return f"{required} is not there: its drive is not mounted"
    if not required.is_dir():
        return ""
    if not os.path.ismount(required):
        return f"nothing is mounted at {required}"
    return "" if folder.resolve().is_relative_to(required.resolve()) else f"{folder} is not below {required}"


def same_disk(folder: Path, other: Path) -> bool:
    """Whether two folders are on one disk; of one that does not exist, its nearest parent counts. Raises OSError."""
    return _existing(folder).stat().st_dev == _existing(other).stat().st_dev


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.exists())


def _named(folder: Path, pattern: re.Pattern[str]) -> tuple[Backup, ...]:
    found = []
    for path in folder.iterdir():
        if match := pattern.fullmatch(path.name):
            at = datetime.strptime(match["at"], _TIME_FORMAT).replace(tzinfo=UTC)
            found.append(Backup(path, at, int(match["number"] or 1)))
    return tuple(sorted(found, key=_order))


def _order(backup: Backup) -> tuple[datetime, int]:
    return backup.at, backup.number


def record_last(home: Path, backup: Backup) -> None:
    """Store time and path of the last backup. Raises OSError."""
    replace_text(paths.last_backup_file(home), f"{backup.at.isoformat()} {paths.to_text(backup.path)}\n")


def last_backup(home: Path) -> Backup | None:
    """The last backup that was recorded, in any folder; None if there is none or the record cannot be read."""
    try:
        at, _, path = read_text(paths.last_backup_file(home), errors="surrogateescape").strip().partition(" ")
        return Backup(paths.from_text(path), datetime.fromisoformat(at))
    except (OSError, ValueError):
        return None
