"""Where a home keeps its state, and whether a folder is a home at all."""

from __future__ import annotations

import json
from pathlib import Path

from tradebot.errors import ConfigError, Problem
from tradebot.home.atomic_files import replace_text, write_error_text

FORMAT = 1


def state_folder(home: Path) -> Path:
    """The folder of everything that is neither configuration, ledger nor log."""
    return home / "state"


def marker_file(home: Path) -> Path:
    """The file that makes a folder a home; it says which format the home has."""
    return state_folder(home) / "home.json"


def latch_file(home: Path) -> Path:
    """The halt latch: while it is there, the home is halted."""
    return state_folder(home) / "HALT"


def lock_file(home: Path) -> Path:
    """The file that a run locks while it acts in the home."""
    return state_folder(home) / "lock"


def heads_file(home: Path) -> Path:
    """The chain heads of the ledger, one a line, oldest first."""
    return state_folder(home) / "ledger_heads"


def spool_file(home: Path) -> Path:
    """Alerts that wait for a ledger to take them in."""
    return state_folder(home) / "alerts_spool"


def last_backup_file(home: Path) -> Path:
    """When the last backup was made, and where it lies."""
    return state_folder(home) / "last_backup"


def channels_tried_file(home: Path) -> Path:
    """The day on which every channel of alerts last took a test message."""
    return state_folder(home) / "channels_tried"


def strategies_checked_file(home: Path) -> Path:
    """The fingerprints of the strategies that kept every promise when they were checked."""
    return state_folder(home) / "strategies_checked.json"


def stops_folder(home: Path) -> Path:
    """What emergency stops did, until the ledger has it."""
    return state_folder(home) / "stops"


def drills_file(home: Path) -> Path:
    """The drills of the emergency stop, one a line, oldest first."""
    return state_folder(home) / "drills"


def exchange_file(home: Path) -> Path:
    """The embedded exchange's own database."""
    return state_folder(home) / "paper_exchange.db"


def is_initialised(home: Path) -> bool:
    """Whether the folder is a home. Raises ConfigError when that cannot be told."""
    try:
        marker_file(home).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise ConfigError(
            [
                Problem(
                    where=str(home),
                    what=f"the folder cannot be read: {error.strerror or error}",
                    fix="Choose another with --home, or give yourself the right to read it.",
                )
            ]
        ) from error
    return True


def initialise(home: Path) -> None:
    """Make the folder a home; one that is already a home stays as it is.

    Raises ConfigError when the folder cannot be written, or was made by a newer version.
    """
    if is_initialised(home):
        _refuse_newer(home)
        return
    try:
        replace_text(marker_file(home), json.dumps({"format": FORMAT}) + "\n")
    except OSError as error:
        raise write_error_text(home, error) from error


def _refuse_newer(home: Path) -> None:
    try:
        found = json.loads(marker_file(home).read_text(encoding="utf-8"))["format"]
    except (OSError, ValueError, KeyError, TypeError):
        return  # a marker that cannot be read marks a home all the same
    if isinstance(found, int) and found > FORMAT:
        raise ConfigError(
            [
                Problem(
                    where=str(marker_file(home)),
                    what=f"this home has format {found}, and this version of tradebot knows formats up to {FORMAT}",
                    fix="Use the newer tradebot that made it, or another home.",
                )
            ]
        )
