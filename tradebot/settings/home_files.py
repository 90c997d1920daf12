"""Which paths belong to a home, so that no setting and no output file may take them for something else.

Paths are compared as the file system sees them: links are resolved, one file under two names is one, and names are
compared without regard to case, because some file systems do.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
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
    return tuple(_uses(Path(os.path.realpath(path)), settings, env_file))


def taken_paths(settings: Settings, env_file: Path | None = None) -> Iterator[TakenPath]:
    """The settings whose path the home uses for something else."""
    read_only = {Use.PRICES, Use.STRATEGIES}  # a strategy may bring its prices along
    own = (
        ("DATABASE_URL", settings.database_path, {Use.LEDGER}),
        ("LOG_DIR", settings.log_path, {Use.LOGS}),
        ("BACKUP_DIR", settings.backup_path, {Use.BACKUPS}),
        ("PAPER_DATA", settings.paper_data_path, read_only),
        ("PAPER_ACTIONS", settings.paper_actions_path, read_only),
    )
    for name, path, meant in own:
        other = next((use for use in use_of(path, settings, env_file) if use not in meant), None) if path else None
        if path and other:
            yield TakenPath(name, path, other)


def _uses(path: Path, settings: Settings, env_file: Path | None) -> Iterator[Use]:
    home, strategies, ledger = settings.home, settings.strategies_path, settings.database_path
    if any(_same(path, file) for file in (home / ".env", env_file) if file):
        yield Use.SETTINGS
    if _same(path, home / "parameters.toml"):
        yield Use.PARAMETERS
    if _within(path, home / STATE) or _same(path, home / SECOND_LATCH):
        yield Use.STATE
    if _same(path, ledger) or (_same(path.parent, ledger.parent) and _is_beside(path.name, ledger.name)):
        yield Use.LEDGER
    if _is_log(path, settings.log_path) or _same(path, home / "schedule.log"):
        yield Use.LOGS
    if _same(path.parent, settings.backup_path) and _BACKUP.fullmatch(path.name):
        yield Use.BACKUPS
    if _within(path, strategies) and not _within(Path(os.path.realpath(home)), strategies):
        yield Use.STRATEGIES
    if any(_same(path, file) for file in (settings.paper_data_path, settings.paper_actions_path) if file):
        yield Use.PRICES


def _is_beside(name: str, ledger: str) -> bool:
    """Whether a name is one that SQLite or tradebot gives to a companion of the ledger, such as its newest commits."""
    return _folded(name).startswith((_folded(f"{ledger}-"), _folded(f"{ledger}.")))


def _is_log(path: Path, folder: Path) -> bool:
    return any(_same(each.parent, folder) and _LOG.fullmatch(each.name) for each in (path, path.parent))


def _within(path: Path, folder: Path) -> bool:
    """Whether a resolved path is a folder or lies below it."""
    return any(_same(each, folder) for each in (path, *path.parents))


def _same(path: Path, other: Path) -> bool:
    """Whether two paths are one file or folder, the first of them resolved. Neither need exist."""
    if _folded(str(path)) == _folded(os.path.realpath(other)):
        return True
    try:
        return path.samefile(other)
    except OSError:
        return False


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
