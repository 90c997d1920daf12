"""The units of a home, read back by systemd itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.schedulers.conftest import BERLIN, FIRST
from tradebot.core.model.schedule import SCHEDULED, Job
from tradebot.schedulers import SchedulerKind, Setup, build_files, write_files
from tradebot.schedulers.rules import new_york_rule
from tradebot.schedulers.systemd import calendar_event

ANALYZE = shutil.which("systemd-analyze")


@pytest.mark.skipif(ANALYZE is None, reason="there is no systemd here")
def test_systemd_finds_nothing_wrong_with_the_units(setup: Setup, tmp_path: Path) -> None:
    paths = write_files(build_files(SchedulerKind.SYSTEMD, setup, BERLIN, FIRST), tmp_path / "units")
    assert len(paths) == 2 * len(SCHEDULED)
    ended = subprocess.run(
        [str(ANALYZE), "--user", "verify", *map(str, paths)],
        capture_output=True,
        text=True,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    ours = [line for line in ended.stderr.splitlines() if setup.name in line]
    assert (ended.returncode, ours) == (0, [])


@pytest.mark.skipif(ANALYZE is None, reason="there is no systemd here")
@pytest.mark.parametrize(
    ("job", "since", "elapses"),
    [
        (Job.RUN_DAILY, "2026-03-06 20:00:00 UTC", ["2026-03-09 13:35:00", "2026-03-10 13:35:00"]),
        (Job.RUN_DAILY, "2026-10-30 20:00:00 UTC", ["2026-11-02 14:35:00", "2026-11-03 14:35:00"]),
        (Job.RECONCILE, "2026-11-27 00:00:00 UTC", ["2026-11-27 18:05:00", "2026-11-27 21:05:00"]),
        (Job.CHECK_EXITS, "2026-11-27 20:40:00 UTC", ["2026-11-27 20:45:00", "2026-11-30 14:00:00"]),
    ],
)
def test_systemd_reads_the_times_as_new_yorks(job: Job, since: str, elapses: list[str]) -> None:
    ended = subprocess.run(
        [str(ANALYZE), "calendar", "--iterations=2", f"--base-time={since}", calendar_event(new_york_rule(job))],
        capture_output=True,
        text=True,
        check=True,
        env={"TZ": "UTC", "PATH": "/usr/bin:/bin"},
    )
    assert [elapse for elapse in elapses if elapse in ended.stdout] == elapses
