"""The latch of a home: a halt in either of its two files holds."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.errors import ConfigError
from tradebot.home import paths
from tradebot.home.halt_file import LatchFile
from tradebot.home.latch import HomeLatch

FIRST, SECOND = (
    Halt(HaltSource.LATCH_FILE, HaltRule.OPERATOR, HaltLevel.HALTED, reason, datetime(2026, 1, 2, tzinfo=UTC))
    for reason in ("first", "second")
)


def test_a_halt_is_in_both_files_and_read_once(tmp_path: Path) -> None:
    latch = HomeLatch(tmp_path)
    latch.set(FIRST)

    assert latch.read() == (FIRST,)
    assert LatchFile(paths.latch_file(tmp_path)).read() == (FIRST,)
    assert LatchFile(paths.second_latch_file(tmp_path)).read() == (FIRST,)


@pytest.mark.parametrize("lost", ["state", "tradebot.HALT"])
def test_it_survives_the_loss_of_either(lost: str, tmp_path: Path) -> None:
    HomeLatch(tmp_path).set(FIRST)
    path = tmp_path / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()

    assert HomeLatch(tmp_path).read() == (FIRST,)


def test_a_halt_of_the_version_before_lies_in_one_file_and_is_cleared_there(tmp_path: Path) -> None:
    LatchFile(paths.latch_file(tmp_path)).set(FIRST)
    latch = HomeLatch(tmp_path)
    assert latch.read() == (FIRST,)

    latch.set(SECOND)
    latch.clear([FIRST])
    assert latch.read() == (SECOND,)
    latch.clear([SECOND])
    assert latch.read() == ()
    assert not paths.second_latch_file(tmp_path).exists()


@pytest.mark.parametrize("place", [paths.latch_file, paths.second_latch_file])
def test_a_file_that_cannot_be_understood_halts_beside_a_sound_one(place: object, tmp_path: Path) -> None:
    assert callable(place)
    latch = HomeLatch(tmp_path)
    latch.set(FIRST)
    place(tmp_path).write_text("stop!")

    assert {halt.rule for halt in latch.read()} == {HaltRule.OPERATOR, HaltRule.UNREADABLE}
    latch.clear(latch.read())
    assert latch.read() == ()


def test_one_file_that_cannot_be_written_leaves_the_halt_to_the_other(tmp_path: Path) -> None:
    paths.state_folder(tmp_path).write_text("not a folder")

    HomeLatch(tmp_path).set(FIRST)
    assert {halt.rule for halt in HomeLatch(tmp_path).read()} == {HaltRule.OPERATOR, HaltRule.UNREADABLE}


def test_a_halt_that_no_file_takes_is_an_error(read_only_folder: Path) -> None:
    with pytest.raises(ConfigError, match="EMERGENCY_STOP_ENABLED=true"):
        HomeLatch(read_only_folder).set(FIRST)
