"""Which paths belong to a home, so that no setting and no output file may take them for something else.

Paths are compared as the file system sees them: links are resolved, one file under two names is one, and names are
compared without regard to case, because some file systems do.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tradebot.settings.model import Settings

#: The folder of a home for all files that are not configuration, ledger or logs.
STATE = "state"
#: The copy of the halt latch beside that folder.
SECOND_LATCH = "tradebot.HALT"
_LOG = re.compile(r".+\.log(\.gz)?|\.archive\.lock|archive", re.IGNORECASE)
_BACKUP = re.compile(r".+-\d{8}T\d{6}Z(-\d+)?\.db", re.IGNORECASE)


class Use(StrEnum):
    """What a path of a home is for."""

    SETTINGS = "the file of the settings"
    PARAMETERS = "the file of the strategies' parameters"
    STATE = "the home's own state"
    LEDGER = "the ledger, or a file beside it that belongs to it"
    LOGS = "a log file"
    BACKUPS = "a backup"
    STRATEGIES = "in the folder of your strategies"
    PRICES = "a file of prices or corporate actions that the embedded exchange reads"


@dataclass(frozen=True, slots=True)
class TakenPath:
    """A setting whose path belongs to something else."""

    setting: str
    path: Path
    use: Use


def use_of(path: Path, settings: Settings, env_file: Path | None = None) -> tuple[Use, ...]:
    """What the home uses a path for; empty for a path that is free. ``env_file``: the file that the settings are in."""
    return tuple(_Home(settings, env_file).uses(path))


def taken_paths(settings: Settings, env_file: Path | None = None) -> Iterator[TakenPath]:
    """The settings whose path the home uses for something else."""
    home = _Home(settings, env_file)
    read_only = {Use.PRICES, Use.STRATEGIES}  # a strategy may bring its prices along
    own = (
        ("DATABASE_URL", settings.ledger_file, {Use.LEDGER}),
        ("LOG_DIR", settings.log_path, {Use.LOGS}),
        ("BACKUP_DIR", settings.backup_path, {Use.BACKUPS}),
        ("PAPER_DATA", settings.paper_data_path, read_only),
        ("PAPER_ACTIONS", settings.paper_actions_path, read_only),
    )
    for name, path, meant in own:
        other = next((use for use in home.uses(path) if use not in meant), None) if path else None
        if path and other:
            yield TakenPath(name, path, other)


@dataclass(frozen=True, slots=True)
class _Place:
    """A path as the file system sees it."""

    path: str  # without links, in one letter case
    file: tuple[int, int] | None  # device and number; None for what does not exist

    def is_same(self, other: _Place) -> bool:
        """Whether both are one file or folder. Neither need exist."""
        return self.path == other.path or (self.file is not None and self.file == other.file)

    def is_in(self, places: Iterable[_Place]) -> bool:
        """Whether it is one of ``places``."""
        return any(self.is_same(place) for place in places)


class _Home:
    """The places of a home. Reading them costs a system call or more for each, so it is done once."""

    def __init__(self, settings: Settings, env_file: Path | None) -> None:
        home = settings.home
        prices = (settings.paper_data_path, settings.paper_actions_path)
        self._env = _places(home / ".env", env_file)
        self._parameters = _places(home / "parameters.toml")
        self._state = _places(home / STATE)
        self._second_latch = _places(home / SECOND_LATCH)
        file = settings.ledger_file
        self._ledger_folder = _places(file.parent if file else None)
        self._ledger_file, self._ledger = file.name if file else "", _places(file)
        self._logs, self._schedule_log = _places(settings.log_path), _places(home / "schedule.log")
        self._backups = _places(settings.backup_path)
        strategies = _places(settings.strategies_path)
        self._strategies = () if strategies[0].is_in(_with_parents(home)) else strategies
        self._prices = _places(*prices)

    def uses(self, path: Path) -> Iterator[Use]:
        """What the home uses a path for."""
        resolved = Path(os.path.realpath(path))
        chain = _with_parents(resolved)
        it, folder = chain[0], chain[1] if len(chain) > 1 else chain[0]
        if it.is_in(self._env):
            yield Use.SETTINGS
        if it.is_in(self._parameters):
            yield Use.PARAMETERS
        if self._state[0].is_in(chain) or it.is_in(self._second_latch):
            yield Use.STATE
        if it.is_in(self._ledger) or (folder.is_in(self._ledger_folder) and self._is_beside_ledger(resolved.name)):
            yield Use.LEDGER
        if self._is_log(resolved, chain) or it.is_in(self._schedule_log):
            yield Use.LOGS
        if folder.is_in(self._backups) and _BACKUP.fullmatch(resolved.name):
            yield Use.BACKUPS
        if any(place.is_in(chain) for place in self._strategies):
            yield Use.STRATEGIES
        if it.is_in(self._prices):
            yield Use.PRICES

    def _is_beside_ledger(self, name: str) -> bool:
        """Whether a name is one that SQLite or tradebot gives to a companion of the ledger, its newest commits, say."""
        return _folded(name).startswith((_folded(f"{self._ledger_file}-"), _folded(f"{self._ledger_file}.")))

    def _is_log(self, path: Path, chain: Sequence[_Place]) -> bool:
        """Whether a path is a log, or lies in the archive of the logs."""
        steps = zip((path.name, path.parent.name), chain[1:3], strict=False)
        return any(folder.is_in(self._logs) and _LOG.fullmatch(name) is not None for name, folder in steps)


def _places(*paths: Path | None) -> tuple[_Place, ...]:
    return tuple(_place(os.path.realpath(path)) for path in paths if path)


def _with_parents(path: Path) -> tuple[_Place, ...]:
    """A path and the folders that it lies in, the nearest first."""
    resolved = Path(os.path.realpath(path))
    return tuple(_place(str(each)) for each in (resolved, *resolved.parents))


def _place(resolved: str) -> _Place:
    try:
        found = os.stat(resolved)  # noqa: PTH116 - a text need not be made a path for it
    except (OSError, ValueError):
        return _Place(_folded(resolved), None)
    return _Place(_folded(resolved), (found.st_dev, found.st_ino))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
