from __future__ import annotations

import os
from pathlib import Path

import pytest

from tradebot.home.drive_trial import name_of, trouble


def test_a_folder_of_this_machine_does_and_nothing_stays(tmp_path: Path) -> None:
    assert trouble(tmp_path) == ""
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_takes_no_file(tmp_path: Path) -> None:
    assert "no file can be written" in trouble(tmp_path / "missing")


@pytest.mark.skipif(os.name == "nt", reason="Windows has drives with letters")
def test_a_drive_is_named_by_where_it_is_mounted(tmp_path: Path) -> None:
    point = Path(name_of(tmp_path).partition(" (")[0])
    assert point.is_mount()
    assert point in tmp_path.resolve().parents
    if Path("/proc/self/mountinfo").exists():
        assert name_of(Path("/proc")) == "/proc (proc)"
