"""The drills of the emergency stop that a home remembers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tradebot.home import append_log, paths


@dataclass(frozen=True, slots=True)
class Drill:
    """One rehearsal. ``at`` is the machine's time, aware UTC; the seconds count from the start of its process.

    None is what never came.
    """

    at: datetime
    passed: bool
    to_latch: float | None
    to_first_cancel: float | None
    to_flat: float | None


def remember(home: Path, drill: Drill) -> None:
    """Write a drill down. Raises OSError."""
    content = {
        "at": drill.at.isoformat(),
        "passed": drill.passed,
        "to_latch": drill.to_latch,
        "to_first_cancel": drill.to_first_cancel,
        "to_flat": drill.to_flat,
    }
    append_log.append(paths.drills_file(home), json.dumps(content))


def last_drill(home: Path) -> Drill | None:
    """The newest drill, passed or not; None where there was none that can be read."""
    try:
        lines = append_log.read_lines(paths.drills_file(home))
    except OSError:
        return None
    drills = (drill for drill in map(_drill, reversed(lines)) if drill is not None)
    return next(drills, None)


def _drill(line: str) -> Drill | None:
    try:
        found = json.loads(line)
        return Drill(
            at=datetime.fromisoformat(found["at"]),
            passed=bool(found["passed"]),
            to_latch=_seconds(found["to_latch"]),
            to_first_cancel=_seconds(found["to_first_cancel"]),
            to_flat=_seconds(found["to_flat"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _seconds(found: object) -> float | None:
    return None if found is None else float(str(found))
