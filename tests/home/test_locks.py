"""Locks, tried by real processes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tradebot.errors import ConfigError, Locked
from tradebot.home import locks, paths
from tradebot.ports import Lock

if TYPE_CHECKING:
    from tests.home.conftest import Holder

    Hold = Callable[..., Holder]

WALL = datetime(2026, 1, 2, 14, 35, 44, tzinfo=UTC)
KEY = "paper:paper:PAPER-0001"


def test_the_second_run_is_refused_and_told_who_holds_the_lock(tmp_path: Path, hold_elsewhere: Hold) -> None:
    first = hold_elsewhere(tmp_path)
    assert first.said == "held"

    with pytest.raises(Locked) as refused, locks.home_lock(tmp_path, command="check-exits", wall=WALL):
        pass

    assert str(refused.value) == (
        f"another run holds the lock: pid {first.pid}, `tradebot run-daily`, since 09:35:02 New York time (42 s). "
        "Wait until it has ended, then run this again."
    )
    assert hold_elsewhere(tmp_path, command="resume").said.startswith("another run holds the lock: pid")


def test_a_lock_is_free_when_its_holder_ends(tmp_path: Path, hold_elsewhere: Hold) -> None:
    hold_elsewhere(tmp_path).end()

    assert locks.holder(tmp_path) == ""
    assert hold_elsewhere(tmp_path).said == "held"


def test_a_lock_is_free_when_its_holder_is_killed(tmp_path: Path, hold_elsewhere: Hold) -> None:
    hold_elsewhere(tmp_path).kill()
    assert paths.lock_file(tmp_path).with_name("lock.json").exists()  # it had no time to tidy up

    assert locks.holder(tmp_path) == ""
    with locks.home_lock(tmp_path, command="check-exits", wall=WALL) as lock:
        lock.assert_held()
        note = json.loads(paths.lock_file(tmp_path).with_name("lock.json").read_text())
        assert (note["pid"], note["command"]) == (os.getpid(), "check-exits")


def test_of_many_that_come_at_once_one_gets_it(tmp_path: Path, hold_elsewhere: Hold) -> None:
    said = [hold_elsewhere(tmp_path).said for _ in range(4)]

    assert said.count("held") == 1


def test_a_short_wait_outlasts_a_short_run(tmp_path: Path, hold_elsewhere: Hold) -> None:
    first = hold_elsewhere(tmp_path)
    first.process.terminate()

    with locks.home_lock(tmp_path, command="check-exits", wall=WALL, wait_seconds=20) as lock:
        lock.assert_held()


def test_two_homes_cannot_act_on_one_account_and_can_on_two(tmp_path: Path, hold_elsewhere: Hold) -> None:
    first = hold_elsewhere(tmp_path, account=KEY)

    with pytest.raises(Locked, match=f"another home holds this account's lock: pid {first.pid}"):  # noqa: SIM117
        with locks.account_lock(tmp_path, KEY, command="run-daily", wall=WALL):
            pass
    with locks.account_lock(tmp_path, "alpaca:paper:X", command="run-daily", wall=WALL) as lock:
        lock.assert_held()
    assert not any(KEY in path.name or "PAPER" in path.name for path in tmp_path.rglob("*"))


def test_the_holder_is_shown_and_looking_does_not_disturb_him(tmp_path: Path, hold_elsewhere: Hold) -> None:
    assert locks.holder(tmp_path) == ""
    assert not paths.state_folder(tmp_path).exists()
    first = hold_elsewhere(tmp_path)

    expected = f"pid {first.pid}, `tradebot run-daily`, since 09:35:02 New York time"
    assert locks.holder(tmp_path) == expected
    assert locks.holder(tmp_path, WALL) == f"{expected} (42 s)"
    assert locks.holder(tmp_path, WALL + timedelta(minutes=10)) == f"{expected} (10 min)"
    assert locks.holder(tmp_path, WALL + timedelta(hours=5)) == f"{expected} (5 h)"
    assert hold_elsewhere(tmp_path).said != "held"


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff"])
def test_a_damaged_note_about_the_holder_does_not_hide_that_there_is_one(
    note: bytes, tmp_path: Path, hold_elsewhere: Hold
) -> None:
    hold_elsewhere(tmp_path)
    paths.lock_file(tmp_path).with_name("lock.json").write_bytes(note)

    assert locks.holder(tmp_path) == "one that has not said yet who it is"


def test_a_lock_is_held_until_its_block_ends_whatever_happens_in_it(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locks.home_lock(tmp_path, command="replay", wall=WALL) as lock:
        lock.assert_held()
        raise ZeroDivisionError

    with pytest.raises(Locked, match="does not hold the lock"):
        lock.assert_held()
    assert locks.holder(tmp_path) == ""


def test_a_lock_whose_file_was_removed_or_replaced_is_not_held(tmp_path: Path) -> None:
    with locks.home_lock(tmp_path, command="replay", wall=WALL) as lock:
        paths.lock_file(tmp_path).unlink()
        with pytest.raises(Locked, match="removed or replaced"):
            lock.assert_held()
        paths.lock_file(tmp_path).touch()
        with pytest.raises(Locked, match="removed or replaced"):
            lock.assert_held()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_process_does_not_hold_its_parents_lock(tmp_path: Path) -> None:
    with locks.home_lock(tmp_path, command="replay", wall=WALL) as lock:
        child = os.fork()
        if child == 0:
            os._exit(0 if refuses(lock) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        lock.assert_held()


def refuses(lock: Lock) -> bool:
    try:
        lock.assert_held()
    except Locked:
        return True
    return False


def test_a_home_that_cannot_be_written_is_a_clear_error(read_only_folder: Path) -> None:
    with (
        pytest.raises(ConfigError, match="cannot be written: Permission denied"),
        locks.home_lock(read_only_folder, command="run-daily", wall=WALL),
    ):
        pass


def test_a_command_that_does_not_count_holds_nothing_for_who_asks(tmp_path: Path) -> None:
    with locks.home_lock(tmp_path, command="resume", wall=WALL):
        assert "`tradebot resume`" in locks.holder(tmp_path)
        assert locks.holder(tmp_path, ignoring={"resume"}) == ""
        assert "`tradebot resume`" in locks.holder(tmp_path, ignoring={"reconcile"})


def test_who_holds_an_account_is_told_too(tmp_path: Path) -> None:
    with locks.account_lock(tmp_path, KEY, command="run-daily", wall=WALL):
        assert "`tradebot run-daily`" in locks.account_holder(tmp_path, KEY)
        assert locks.account_holder(tmp_path, "paper:paper:PAPER-0002") == ""
    assert locks.account_holder(tmp_path, KEY) == ""
