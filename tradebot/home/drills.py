"""Results of the emergency stop drills of a home: an append-only file of JSON lines.

An incomplete line is ignored: a drill that was not recorded counts as not made.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tradebot.home import append_log, paths


@dataclass(frozen=True, slots=True)
class Drill:
    """One drill. Durations are seconds from the start of its process; None if the event never came."""

    at: datetime  # the machine's time, aware UTC
    passed: bool
    to_latch: float | None  # until the halt was latched
    to_first_cancel: float | None  # until the first cancel was sent
    to_flat: float | None  # until no position was left


def record_drill(home: Path, drill: Drill) -> None:
    """Append a drill. Raises OSError."""
    fields = {
        "at": drill.at.isoformat(),
        "passed": drill.passed,
        "to_latch": drill.to_latch,
        "to_first_cancel": drill.to_first_cancel,
        "to_flat": drill.to_flat,
    }
    append_log.append(paths.drills_file(home), json.dumps(fields))


def all_drills(home: Path) -> tuple[Drill, ...]:
    """Every drill that can be read, in the order of recording."""
    try:
        lines = append_log.read_lines(paths.drills_file(home))
    except OSError:
        return ()
    return tuple(drill for drill in map(_drill, lines) if drill is not None)


def last_drill(home: Path) -> Drill | None:
    """The newest drill, passed or not; None if there is none that can be read."""
    return next(reversed(all_drills(home)), None)


def _drill(line: str) -> Drill | None:
    try:
        fields = json.loads(line)
        return Drill(
            at=datetime.fromisoformat(fields["at"]),
            passed=bool(fields["passed"]),
            to_latch=_seconds(fields["to_latch"]),
            to_first_cancel=_seconds(fields["to_first_cancel"]),
            to_flat=_seconds(fields["to_flat"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _seconds(value: object) -> float | None:
    return None if value is None else float(str(value))
