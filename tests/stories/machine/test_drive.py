"""A home on a drive that lacks what a ledger needs: preflight and `config check` try it and name the drive."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.stories.machine.conftest import Odd
from tests.stories.processes.conftest import Machine

NO_LOCKS = """
import errno, fcntl
def flock(*given):
    raise OSError(errno.ENOLCK, "No locks available")
fcntl.flock = flock
"""
NO_SYNC = "import errno, os\ndef fsync(number):\n    raise OSError(errno.EIO, 'Input/output error')\nos.fsync = fsync\n"
#: SQLite's own stand-ins for file systems that lack calls (https://www.sqlite.org/vfs.html): unix-dotfile has no memory
#: that processes share, and so no write-ahead log; unix-none has no locks either.
VFS = """
import sqlite3
connect = sqlite3.connect
sqlite3.connect = lambda name, **named: connect(name + ("&" if "?" in name else "?") + "vfs={vfs}", **named)
"""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="these calls are those of POSIX")


def drive(machine: Machine, environment: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """The exit code of preflight, and its check of the drive."""
    ended = machine("preflight", "--json", **environment)
    (check,) = [check for check in ended.json["checks"] if check["name"] == "drive"]
    return ended.code, check


def test_a_drive_that_does_is_named(traded: Machine, odd: Odd) -> None:
    code, check = drive(traded, odd())
    assert (code, check["result"]) == (0, "pass")
    assert "locks, syncs and takes a write-ahead log" in check["figure"]
    assert check["figure"].startswith("/")
    assert not [path.name for path in traded.home.iterdir() if "trial" in path.name]


@pytest.mark.parametrize(("code", "words"), [(NO_LOCKS, "files cannot be locked"), (NO_SYNC, "cannot be synced")])
def test_a_drive_without_locks_or_sync_is_told(code: str, words: str, traded: Machine, odd: Odd) -> None:
    ended, check = drive(traded, odd(code))
    assert (ended, check["result"]) == (5, "fail")
    assert words in check["figure"]
    assert "move the home to a drive of this machine" in check["remedy"]
    checked = traded("config", "check", **odd(code))
    assert (checked.code, f"drive {check['figure'].split(':')[0]}" in checked.err) == (3, True)
    assert words in checked.err


def test_an_emergency_stop_needs_no_locks(traded: Machine, odd: Odd) -> None:
    assert traded("emergency-stop", "--reason", "a test", **odd(NO_LOCKS)).code == 0


def test_a_drive_without_a_write_ahead_log_is_a_warning_and_trades(
    machine: Machine, odd: Odd, strategies_checked: Path
) -> None:
    assert machine("run-daily", **odd(VFS.format(vfs="unix-dotfile"))).code == 0
    shutil.copy(strategies_checked, machine.home / "state")
    _, check = drive(machine, odd(VFS.format(vfs="unix-dotfile")))
    assert check["result"] == "warn"
    assert "takes no write-ahead log" in check["figure"]


def test_a_drive_whose_locks_keep_nobody_from_writing_is_told(
    machine: Machine, odd: Odd, strategies_checked: Path
) -> None:
    assert machine("init-db", **odd(VFS.format(vfs="unix-none"))).code == 0
    shutil.copy(strategies_checked, machine.home / "state")
    code, check = drive(machine, odd(VFS.format(vfs="unix-none")))
    assert (code, check["result"]) == (5, "fail")
    assert "do not keep two programs from writing at once" in check["figure"]
