"""run-daily or its strategy process is killed: nothing is lost, sent twice or left running (a few of many kills)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.stories.machine.killing import Target, kill, prepare, run_whole


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
def test_a_kill_loses_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    prepared = prepare(tmp_path / "prepared")
    orders, seconds = run_whole(prepared, tmp_path / "whole")
    for number, target in enumerate(Target):
        result = kill(prepared, tmp_path / str(number), orders, target, seconds * 0.6)
        assert result.wrong == ()
