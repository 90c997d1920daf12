"""The homes that this user has made, so that a command typed in the wrong folder can name the right one."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from tradebot.errors import ConfigError
from tradebot.home import paths
from tradebot.home.atomic_files import replace_text

_LOG = logging.getLogger(__name__)


def remember(state_path: Path, home: Path) -> None:
    """Add a home to the list kept in ``state_path``, the user's own folder for such things.

    The list is a convenience: when it cannot be written, that is logged and trading goes on.
    """
    home = home.resolve()
    listed = _read(state_path)
    if home in listed:
        return
    try:
        replace_text(_file(state_path), json.dumps({"homes": [str(each) for each in (*listed, home)]}, indent=2) + "\n")
    except OSError as error:
        _LOG.warning("the list of homes %s cannot be written: %s", _file(state_path), error)


def known(state_path: Path) -> tuple[Path, ...]:
    """The remembered homes that are still there, oldest first."""
    return tuple(home for home in _read(state_path) if _is_there(home))


def _is_there(home: Path) -> bool:
    try:
        return paths.is_initialised(home)
    except ConfigError:
        return False


def _file(state_path: Path) -> Path:
    return state_path / "homes.json"


def _read(state_path: Path) -> tuple[Path, ...]:
    """What the list says; nothing when it is missing or damaged, so that the next home starts it anew."""
    try:
        homes = json.loads(_file(state_path).read_text(encoding="utf-8"))["homes"]
        return tuple(Path(home) for home in homes)
    except (OSError, ValueError, KeyError, TypeError):
        return ()
