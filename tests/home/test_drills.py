"""The drills that a home remembers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tradebot.home import drills, paths
from tradebot.home.drills import Drill

DRILL = Drill(datetime(2026, 3, 2, 15, 0, tzinfo=UTC), passed=True, to_latch=0.3, to_first_cancel=0.5, to_flat=0.7)


def test_the_newest_counts(tmp_path: Path) -> None:
    assert drills.last_drill(tmp_path) is None
    failed = Drill(DRILL.at + timedelta(days=1), passed=False, to_latch=0.2, to_first_cancel=None, to_flat=None)
    for drill in (DRILL, failed):
        drills.record_drill(tmp_path, drill)
        assert drills.last_drill(tmp_path) == drill


def test_a_torn_line_hides_no_other_drill(tmp_path: Path) -> None:
    drills.record_drill(tmp_path, DRILL)
    line = paths.drills_file(tmp_path).read_bytes()
    later = replace(DRILL, at=DRILL.at + timedelta(days=1))
    for length in range(len(line)):
        paths.drills_file(tmp_path).write_bytes(line + line[:length])
        assert drills.last_drill(tmp_path) == DRILL
        drills.record_drill(tmp_path, later)
        assert drills.last_drill(tmp_path) == later
