"""What every command takes on its command line, whichever command it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """``home`` and ``env_file`` as typed, None when not given; ``verbose`` counts the -v."""

    home: Path | None = None
    env_file: Path | None = None
    json: bool = False
    verbose: int = 0
