"""Backups beside those of other homes, on drives that are not there, and on file systems that lack a call."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from freezegun import freeze_time

from tests.fakes.cli import Ended, tradebot
from tradebot.__main__ import main
from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.home.backups import last_backup
from tradebot.runtime.backup import back_up
from tradebot.settings import GlobalOptions


@pytest.fixture
def home(tmp_path: Path, made_home: Path) -> Path:
    return copied(made_home, tmp_path / "home")


def copied(made_home: Path, home: Path) -> Path:
    shutil.copytree(made_home, home)
    return home


def run(home: Path, *arguments: str | Path, **environ: str) -> Ended:
    return tradebot(*arguments, "--home", home, state=home.parent / "user", cwd=home.parent, environ=environ)


def backed_up(home: Path, **environ: str) -> Path:
    ended = run(home, "backup", "--json", **environ)
    assert ended.code == 0, ended.err
    return Path(ended.json["backup"]["path"])


def check_of(home: Path, **environ: str) -> Any:
    checks = run(home, "preflight", "--json", **environ).json["checks"]
    return next(check for check in checks if check["name"] == "backup")


def test_homes_that_share_a_folder_remove_only_their_own(home: Path, made_home: Path, tmp_path: Path) -> None:
    shared = {"BACKUP_DIR": str(tmp_path / "nas"), "BACKUP_KEEP": "1"}
    other = copied(made_home, tmp_path / "other")
    only_one_of_other = backed_up(other, **shared)
    for _ in range(3):
        newest = backed_up(home, **shared)
    assert sorted((tmp_path / "nas").iterdir()) == sorted((only_one_of_other, newest))
    assert run(other, "restore", only_one_of_other, "--yes").code == 0


def test_backups_of_one_second_are_several_files(home: Path) -> None:
    made = [backed_up(home) for _ in range(4)]
    assert len(set(made)) == 4
    assert all(path.stat().st_size for path in made)


def test_a_backup_that_an_earlier_version_named_is_pruned_where_it_is_certainly_the_homes(home: Path) -> None:
    first = backed_up(home)
    ours = first.rename(first.with_name("trading_robot-20200101T000000Z.db"))
    elsewhere = home.parent / "nas"
    elsewhere.mkdir()
    doubtful = shutil.copy(ours, elsewhere)  # a folder that another home may use too
    damaged = first.with_name("trading_robot-20200102T000000Z.db")
    damaged.write_bytes(b"no ledger of ours")
    newest = backed_up(home, BACKUP_KEEP="1")
    assert sorted(newest.parent.iterdir()) == sorted((damaged, newest))
    backed_up(home, BACKUP_KEEP="1", BACKUP_DIR=str(elsewhere))
    assert Path(doubtful).exists()


def test_a_drive_that_is_not_mounted_gets_no_backup(home: Path, tmp_path: Path) -> None:
    drive = tmp_path / "mnt" / "nas"
    drive.mkdir(parents=True)
    settings = {"BACKUP_DIR": str(drive / "tradebot"), "BACKUP_REQUIRE_MOUNT": str(drive)}
    ended = run(home, "backup", **settings)
    assert (ended.code, "nothing is mounted at" in " ".join(ended.err.split())) == (3, True)
    assert list(drive.iterdir()) == []
    check = check_of(home, **settings)
    assert (check["result"], "nothing is mounted at" in check["figure"]) == ("warn", True)
    assert run(home, "status", **settings).code == 0  # a job does not need the drive

    (drive / "this is the drive").touch()
    backed_up(home, **{**settings, "BACKUP_REQUIRE_MOUNT": str(drive / "this is the drive")})


def test_preflight_tells_backups_on_the_ledgers_own_disk_and_lost_ones(home: Path) -> None:
    made = backed_up(home)
    check = check_of(home)
    assert (check["result"], "on the disk that holds the ledger" in check["figure"]) == ("warn", True)
    made.unlink()
    assert "is not there" in check_of(home)["figure"]


def test_a_scheduler_gets_one_backup_a_session_after_its_report(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRADEBOT_STATE_DIR", str(home.parent / "user"))
    said = []
    for new_york in (
        "2026-02-03 15:25",  # an hour that the lines of a host name for the other half of the year
        "2026-02-03 16:25",
        "2026-02-03 17:25",
        "2026-02-04 08:00",
        "2026-02-04 12:00",
        "2026-02-04 23:00",  # the machine was asleep at 16:25
        "2026-02-07 16:25",  # a Saturday: Friday's is still to be made
        "2026-02-08 16:25",
    ):
        at = datetime.fromisoformat(new_york).replace(tzinfo=NEW_YORK).astimezone(UTC)
        with freeze_time(at):
            assert main(["backup", "--scheduled", "--home", str(home)]) == 0
        out = capsys.readouterr().out
        said.append(next(word for word in ("verified", "already", "not due") if word in out))
    assert said == ["not due", "verified", "already", "already", "not due", "verified", "verified", "already"]
    assert len(list((home / "backups").iterdir())) == 3


def test_a_scheduled_backup_that_fails_is_an_alert(home: Path, tmp_path: Path) -> None:
    settings = {"BACKUP_REQUIRE_MOUNT": str(tmp_path / "nas"), "ALERT_URLS": "json://127.0.0.1:9"}
    code = run(home, "backup", **settings).code
    assert code == 3
    assert "backup ended with 3" in run(home, "alerts", "list", **settings).out


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_cannot_flush_a_folder_keeps_backups_all_the_same(
    number: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CIFS, drvfs and some FUSE answer so."""
    flush = os.fsync

    def without_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", without_folders)
    monkeypatch.setenv("BACKUP_KEEP", "2")
    made = [back_up(GlobalOptions(home=home), None).copy.path for _ in range(4)]
    assert sorted((home / "backups").iterdir()) == sorted(made[-2:])
    last = last_backup(home)
    assert last is not None
    assert last.path == made[-1]
