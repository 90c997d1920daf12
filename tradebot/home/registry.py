"""The list of the homes of a user, so that a command in another folder can name them."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from tradebot.errors import ConfigError
from tradebot.home import paths
from tradebot.home.atomic_files import replace_text
from tradebot.home.regular_files import read_text

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HomeList:
    """The list of homes as it was read."""

    homes: tuple[Path, ...]
    trouble: str = ""  # why homes may be missing, and what to do; "" for a list that is whole or was never begun


def add(state_path: Path, home: Path) -> None:
    """Add a home to the list in ``state_path``, the user's state folder. A damaged list is kept beside a new one.

    A list that cannot be written is only logged: no job needs it.
    """
    home = home.resolve()
    homes = _read(state_path)
    if home in homes:
        return
    try:
        if not homes and _file(state_path).exists():
            _file(state_path).replace(_damaged_file(state_path))
        listed = [paths.to_text(path) for path in (*homes, home)]
        replace_text(_file(state_path), json.dumps({"homes": listed}, indent=2) + "\n")
    except OSError as error:
        _LOG.warning("the list of homes %s cannot be written: %s", _file(state_path), error)


def remove(state_path: Path, home: Path) -> bool:
    """Take a home off the list in ``state_path``; whether it stood there. Raises OSError."""
    homes = _read(state_path)
    if home not in homes:
        return False
    listed = [paths.to_text(path) for path in homes if path != home]
    replace_text(_file(state_path), json.dumps({"homes": listed}, indent=2) + "\n")
    return True


def existing_homes(state_path: Path) -> tuple[Path, ...]:
    """The listed homes that still exist, in the order in which they were added."""
    return tuple(home for home in _read(state_path) if _exists(home))


def listed_homes(state_path: Path) -> HomeList:
    """Every listed home, whether it still exists or not, and whether the list is whole."""
    file, damaged = _file(state_path), _damaged_file(state_path)
    homes = _read(state_path)
    if damaged.exists() or (not homes and os.path.lexists(file)):
        kept = damaged if damaged.exists() else file
        return HomeList(
            homes,
            f"the list of homes {kept} is damaged, and homes that stood in it may be missing. Run `tradebot init-db` "
            f"in each home of yours, then remove {kept}",
        )
    return HomeList(homes)


def is_listed(state_path: Path, home: Path) -> bool:
    """Whether the folder was a home once, though its marker and its ledger may be lost."""
    return home.resolve() in _read(state_path)


def _exists(home: Path) -> bool:
    try:
        return paths.is_initialised(home)
    except ConfigError:
        return False


def _file(state_path: Path) -> Path:
    return state_path / "homes.json"


def _damaged_file(state_path: Path) -> Path:
    return state_path / "homes.json.damaged"


def _read(state_path: Path) -> tuple[Path, ...]:
    """The listed homes; none if the list is missing or damaged, so that the next ``add`` starts a new one."""
    try:
        homes = json.loads(read_text(_file(state_path)))["homes"]
        return tuple(paths.from_text(home) for home in homes)
    except (OSError, ValueError, KeyError, TypeError):
        return ()
