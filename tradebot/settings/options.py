"""The command-line options that every command takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """The options as typed."""

    home: Path | None = None  # None if not given
    env_file: Path | None = None  # None if not given
    json: bool = False
    verbose: int = 0  # the number of -v
