"""The folder of backups."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from tradebot.home import backups, paths
from tradebot.home.backups import Backup, BackupNames

NOON = datetime(2007, 1, 3, 12, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "trading_robot.db"


def put(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(name)
    return path


def make(names: BackupNames, folder: Path, at: datetime) -> Path:
    folder.mkdir(exist_ok=True)
    temporary = names.temporary(folder, at)
    return temporary.replace(names.final(temporary))


def test_a_name_tells_the_home_and_the_time_in_utc(tmp_path: Path, database: Path) -> None:
    names = backups.names_of(tmp_path, database)
    eastern = NOON.astimezone(timezone(timedelta(hours=-5)))
    assert make(names, tmp_path, eastern).name == f"trading_robot-{names.home_id}-20070103T120000Z.db"
    assert backups.names_of(tmp_path, database) == names


def test_no_two_homes_share_a_name(tmp_path: Path) -> None:
    made = [backups.names_of(tmp_path / name, Path("trading_robot.db")) for name in ("one", "two")]
    shutil.copytree(tmp_path / "one", tmp_path / "copy of one")
    made.append(backups.names_of(tmp_path / "copy of one", Path("trading_robot.db")))
    assert len({names.home_id for names in made}) == 3


def test_several_in_one_second_are_several_files_in_their_order(tmp_path: Path, database: Path) -> None:
    names = backups.names_of(tmp_path, database)
    folder = tmp_path / "backups"
    made = [make(names, folder, NOON) for _ in range(11)]
    begun = [names.temporary(folder, NOON) for _ in range(2)]  # neither has its name yet
    assert len({*made, *map(names.final, begun)}) == 13
    assert [each.path for each in names.backups(folder)] == made


def test_the_newest_are_kept_and_other_files_are_left_alone(tmp_path: Path, database: Path) -> None:
    names, folder = backups.names_of(tmp_path, database), tmp_path / "backups"
    days = [NOON + timedelta(days=day) for day in (2, 0, 3, 1)]
    made = {at: make(names, folder, at) for at in days}
    others = [
        put(folder, name)
        for name in ("trading_robot.db", "other-20070103T120000Z.db", "trading_robot-ffffffff-20070103T120000Z.db",
                     "trading_robot-20070103T120000Z.db", f"trading_robot-{names.home_id}-20070103T120000Z.db.bak")
    ]  # fmt: skip

    dropped = backups.delete_old(names.backups(folder), 2)

    assert dropped == (made[NOON], made[NOON + timedelta(days=1)])
    left = (NOON + timedelta(days=2), NOON + timedelta(days=3))
    assert names.backups(folder) == tuple(Backup(made[at], at) for at in left)
    assert [each.path for each in names.unmarked(folder)] == [folder / "trading_robot-20070103T120000Z.db"]
    assert all(other.exists() for other in others)


def test_what_a_killed_backup_left_is_removed_after_a_day(tmp_path: Path, database: Path) -> None:
    names = backups.names_of(tmp_path, database)
    folder = tmp_path / "backups"
    folder.mkdir()
    left = names.temporary(folder, NOON)
    put(folder, f"{left.name}-journal")
    names.delete_abandoned(folder, NOON + timedelta(hours=23))
    assert left.exists()
    names.delete_abandoned(folder, NOON + timedelta(hours=25))
    assert list(folder.iterdir()) == []


def test_a_drive_has_to_be_mounted_or_to_hold_a_file(tmp_path: Path) -> None:
    root = Path(tmp_path.anchor)
    assert backups.mount_trouble(root, tmp_path) == ""
    assert "nothing is mounted" in backups.mount_trouble(tmp_path, tmp_path / "backups")
    assert "is not there" in backups.mount_trouble(tmp_path / "nas", tmp_path / "nas" / "backups")
    assert "is not there" in backups.mount_trouble(tmp_path / "nas" / "marker", tmp_path / "nas")
    assert backups.mount_trouble(put(tmp_path / "nas", "marker"), tmp_path / "nas") == ""


@pytest.mark.skipif(not os.path.ismount("/proc"), reason="needs a second mount point that is always there")
def test_a_folder_elsewhere_than_on_the_drive_is_told(tmp_path: Path) -> None:
    assert "is not below /proc" in backups.mount_trouble(Path("/proc"), tmp_path / "backups")
    assert not backups.same_disk(Path("/proc/self/no such folder"), tmp_path)
    assert backups.same_disk(tmp_path / "no such folder", tmp_path)


def test_the_last_one_is_remembered(tmp_path: Path) -> None:
    assert backups.last_backup(tmp_path) is None
    for day in range(2):
        at = NOON + timedelta(days=day)
        backups.record_last(tmp_path, Backup(tmp_path / "a folder" / f"{at:%d}.db", at))

    assert backups.last_backup(tmp_path) == Backup(tmp_path / "a folder" / "04.db", NOON + timedelta(days=1))


@pytest.mark.parametrize("text", ["", "yesterday here", "\x00"])
def test_a_note_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    paths.state_folder(tmp_path).mkdir()
    paths.last_backup_file(tmp_path).write_text(text)
    assert backups.last_backup(tmp_path) is None


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="these file systems take Unicode alone")
def test_a_home_whose_name_is_no_text_has_backups_too(tmp_path: Path) -> None:
    home = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    made = make(backups.names_of(home, Path("trading_robot.db")), home, NOON)
    backups.record_last(home, Backup(made, NOON))
    assert backups.last_backup(home) == Backup(made, NOON)
