"""The folder of backups."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from tradebot.home import backups, paths
from tradebot.home.backups import Backup

NOON = datetime(2007, 1, 3, 12, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "trading_robot.db"


def put(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(name)
    return path


def test_a_name_tells_the_time_in_utc(database: Path) -> None:
    eastern = NOON.astimezone(timezone(timedelta(hours=-5)))
    assert backups.backup_name(database, eastern) == "trading_robot-20070103T120000Z.db"


def test_the_newest_are_kept_and_other_files_are_left_alone(tmp_path: Path, database: Path) -> None:
    folder = tmp_path / "backups"
    days = [NOON + timedelta(days=day) for day in (2, 0, 3, 1)]
    made = {at: put(folder, backups.backup_name(database, at)) for at in days}
    others = [
        put(folder, name)
        for name in ("trading_robot.db", "other-20070103T120000Z.db", "trading_robot-x-20070103T120000Z.db",
                     "trading_robot-20070103T120000Z.db.bak")
    ]  # fmt: skip

    dropped = backups.delete_old(folder, database, 2)

    assert dropped == (made[NOON], made[NOON + timedelta(days=1)])
    left = (NOON + timedelta(days=2), NOON + timedelta(days=3))
    assert backups.backups_in(folder, database) == tuple(Backup(made[at], at) for at in left)
    assert all(other.exists() for other in others)


def test_the_last_one_is_remembered(tmp_path: Path, database: Path) -> None:
    assert backups.last_backup(tmp_path) is None
    for day in range(2):
        at = NOON + timedelta(days=day)
        backups.record_last(tmp_path, Backup(tmp_path / "a folder" / backups.backup_name(database, at), at))

    last = backups.last_backup(tmp_path)
    assert last == Backup(tmp_path / "a folder" / "trading_robot-20070104T120000Z.db", NOON + timedelta(days=1))


@pytest.mark.parametrize("text", ["", "yesterday here", "\x00"])
def test_a_note_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    paths.state_folder(tmp_path).mkdir()
    paths.last_backup_file(tmp_path).write_text(text)
    assert backups.last_backup(tmp_path) is None
