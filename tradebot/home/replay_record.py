"""The last replay of a home: what was asked for, which sessions it covers, and whether it has finished.

A JSON file in the state folder. One that cannot be read is no record: the next replay begins anew.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from tradebot.home import paths
from tradebot.home.atomic_files import replace_text, write_error_text
from tradebot.home.regular_files import read_text

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """The sessions that a command asks for."""

    sessions: int | None = None  # their number
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class ReplayRecord:
    """A replay that has begun."""

    account: str  # key
    asked: Asked
    begins: date  # its first session
    ends: date  # its last session
    has_finished: bool = False
    halts: tuple[str, ...] = ()  # keys of the halts that its jobs set


def read_record(home: Path) -> ReplayRecord | None:
    """The record of the last replay; None where there is none that can be read."""
    try:
        fields = json.loads(read_text(paths.replay_file(home)))
        if fields["format"] != FORMAT:
            return None
        asked = fields["asked"]
        return ReplayRecord(
            account=str(fields["account"]),
            asked=Asked(asked["sessions"], _date(asked["first"]), _date(asked["last"])),
            begins=date.fromisoformat(fields["begins"]),
            ends=date.fromisoformat(fields["ends"]),
            has_finished=bool(fields["has_finished"]),
            halts=tuple(map(str, fields["halts"])),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_record(home: Path, record: ReplayRecord) -> None:
    """Replace the record. Raises ConfigError if it cannot be written."""
    text = json.dumps({"format": FORMAT, **asdict(record)}, default=date.isoformat)
    path = paths.replay_file(home)
    try:
        replace_text(path, f"{text}\n")
    except OSError as error:
        raise write_error_text(path, error) from error


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
