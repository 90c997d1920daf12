"""backup and restore, by the commands themselves: a copy is proved, and only the newest history is put back."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.stories.processes.conftest import Machine, ending
from tradebot.home.locks import home_lock
from tradebot.runtime.clocks import SystemClock

Spoil = Callable[[Path], None]


def backed_up(machine: Machine) -> Path:
    ended = machine("backup", "--json")
    assert ended.code == 0, ended.out + ended.err
    return Path(ended.json["backup"]["path"])


def restored(machine: Machine, file: Path, *more: str, **environ: str) -> tuple[int, str]:
    ended = machine("restore", file, "--yes", *more, **environ)
    return ended.code, ended.out + ended.err


def test_a_lost_ledger_comes_back_and_trading_goes_on(traded: Machine) -> None:
    """The drill: back up, lose the ledger, restore, reconcile."""
    before = traded.ledger.read_bytes()
    backup = backed_up(traded)
    for path in traded.home.glob("trading_robot.db*"):
        path.unlink()
    assert traded("reconcile").code == 10

    code, said = restored(traded, backup)

    assert code == 0, said
    assert len(traded.ledger.read_bytes()) >= len(before) // 2
    assert traded("verify").code == 0
    reconciled = traded("reconcile", "--json")
    assert (reconciled.code, reconciled.json["breaks"]) == (0, [])
    assert traded("run-daily", "--json").json["status"] == "idle"  # the session is known to be traded


def test_a_ledger_that_can_be_read_keeps_the_history_before(traded: Machine) -> None:
    backup = backed_up(traded)
    with closing(sqlite3.connect(traded.ledger)) as ledger:
        fills = ledger.execute("SELECT * FROM fills ORDER BY seq").fetchall()
        ledger.execute("UPDATE runs SET summary = 'tampered with'")
        ledger.commit()
    assert traded("verify").code == 10

    code, said = restored(traded, backup)
    assert (code, "the history before it is kept in the ledger" in said) == (0, True), said
    assert sorted(path.name for path in traded.home.glob("trading_robot.db*")) == ["trading_robot.db"]
    assert traded("verify").code == 0, "what was tampered with was replaced, and is not proved any more"
    assert traded("reconcile", "--json").code == 0
    assert traded("run-daily", "--json").json["status"] == "idle"
    with closing(sqlite3.connect(traded.ledger)) as ledger:
        assert ledger.execute("SELECT * FROM fills WHERE account_key = '1' ORDER BY seq").fetchall() == fills
        generation = "SELECT generation, why, replaced_sound FROM generations"
        assert ledger.execute(generation).fetchall() == [(2, "restore", 0)]
    assert traded("backup").code == 0


def test_a_backup_taken_while_a_job_writes_restores_to_a_sound_ledger(made: Machine) -> None:
    replay = made.start("replay", "--sessions", "500")
    made.wait_for_lock(replay)
    backups: list[Path] = []
    while replay.poll() is None and len(backups) < 3:
        backups.append(backed_up(made))
    replay.terminate()
    ending(replay)
    assert len(set(backups)) >= 2

    for number, backup in enumerate(backups):
        elsewhere = Machine(made.folder / f"elsewhere{number}")
        elsewhere.folder.mkdir()
        code, said = restored(elsewhere, backup)
        assert code == 0, said
        with closing(sqlite3.connect(elsewhere.ledger)) as ledger:
            assert ledger.execute("SELECT count(*) FROM audit").fetchone()[0] > 1
        assert elsewhere("verify").code == 0


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def change(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as ledger:
        ledger.execute("DROP TRIGGER fills_no_update")
        ledger.execute("UPDATE fills SET price = '1' WHERE seq = 1")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def another_programs(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (cut, "damaged"),
        (change, "no sound backup: fills"),
        (empty, "empty"),
        (another_programs, "another program"),
        (Path.unlink, "There is no backup"),
    ],
)
def test_a_backup_that_is_not_sound_is_refused(traded: Machine, spoil: Spoil, words: str) -> None:
    backup = backed_up(traded)
    spoil(backup)
    before = traded.ledger.read_bytes()

    code, said = restored(traded, backup)

    assert code == 10
    assert words in " ".join(said.split())
    assert traded.ledger.read_bytes() == before
    assert {path.name for path in traded.home.glob("trading_robot.db*")} <= {
        "trading_robot.db", "trading_robot.db-wal", "trading_robot.db-shm"
    }  # fmt: skip


def test_an_older_one_is_refused_and_says_what_to_do(traded: Machine) -> None:
    backup = backed_up(traded)
    assert traded("check-exits").code == 0

    code, said = restored(traded, backup)

    assert code == 10
    said = " ".join(said.split())
    assert "older than what this home wrote last, by at least" in said
    assert "tradebot rebuild" in said
    assert traded("reconcile").code == 0


def test_another_homes_backup_is_refused(traded: Machine, made_home: Path, tmp_path: Path) -> None:
    other = Machine(tmp_path / "other")
    other.folder.mkdir()
    shutil.copytree(made_home, other.home)
    assert other("replay", "--sessions", "1").code == 0

    code, said = restored(traded, backed_up(other))

    assert code == 10
    assert "another history" in " ".join(said.split())


def test_nothing_is_restored_while_anything_runs(traded: Machine) -> None:
    backup = backed_up(traded)
    with home_lock(traded.home, command="run-daily", wall=SystemClock().now()):
        code, said = restored(traded, backup)
        assert traded("backup").code == 0  # which waits for nobody
    assert code == 8
    assert "run-daily" in said


def test_a_damaged_ledger_makes_no_backup_and_removes_none(traded: Machine) -> None:
    traded.env("BACKUP_KEEP=1")
    backup = backed_up(traded)
    change(traded.ledger)

    ended = traded("backup")

    assert ended.code == 10
    assert "fills" in ended.err
    assert [path.name for path in backup.parent.iterdir()] == [backup.name]


def test_only_the_newest_are_kept_and_another_folder_can_be_named(traded: Machine, tmp_path: Path) -> None:
    traded.env("BACKUP_KEEP=1", "BACKUP_DIR=safe")
    first = backed_up(traded)
    second = backed_up(traded)
    assert first.parent == traded.home / "safe"
    assert list(first.parent.iterdir()) == [second]

    elsewhere = traded("backup", "--to", tmp_path / "disk", "--json").json["backup"]["path"]
    assert Path(elsewhere).parent == tmp_path / "disk"
    blocked = tmp_path / "file"
    blocked.write_text("")
    refused = traded("backup", "--to", blocked / "sub")
    assert refused.code == 3
    assert "--to" in refused.err


def test_a_backup_is_restored_only_after_a_yes(traded: Machine) -> None:
    ended = traded("restore", backed_up(traded))
    assert ended.code == 2
    assert "--yes" in ended.err
