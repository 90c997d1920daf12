"""What the system must have: what lacks is one clear message, and an emergency stop needs none of it."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from tests.stories.machine.conftest import Odd
from tests.stories.processes.conftest import Machine

OLD_SQLITE = "import sqlite3\nsqlite3.sqlite_version_info = (3, 36, 0)\n"
#: A slim image has no time zones of its own, and this one's Python no tzdata either.
NO_ZONES = {"PYTHONTZPATH": ""}
NO_TZDATA = "raise ImportError('not installed')\n"


@pytest.mark.parametrize("command", ["config check", "preflight", "run-daily", "schedule print", "status"])
def test_a_system_without_time_zones_is_told_so_in_one_message(command: str, traded: Machine, odd: Odd) -> None:
    ended = traded(*command.split(), **NO_ZONES, **odd(tzdata=NO_TZDATA))
    assert (ended.code, ended.out) == (3, "")
    (line,) = ended.err.splitlines()
    assert "time zones: New York's cannot be read" in line
    assert "pip install tzdata" in line


def test_an_emergency_stop_needs_no_time_zones(traded: Machine, odd: Odd) -> None:
    ended = traded("emergency-stop", "--reason", "a test", "--json", **NO_ZONES, **odd(tzdata=NO_TZDATA))
    assert ended.code == 0
    assert (traded.home / "state" / "HALT").exists()
    assert not [order for order in traded.orders() if order.endswith("working")]


def test_a_time_zone_that_is_another_is_found(made: Machine, odd: Odd, tmp_path: Path) -> None:
    zone = tmp_path / "zones" / "America" / "New_York"
    zone.parent.mkdir(parents=True)
    zone.write_bytes(b"TZif2" + bytes(15 + 12) + b"\0\0\0\0\0\0\0\1\0\0\0\4" + bytes(6) + b"UTC\0")
    zone.write_bytes(zone.read_bytes() * 2 + b"\nUTC0\n")
    ended = made("config", "check", PYTHONTZPATH=str(zone.parents[1]), **odd())
    assert ended.code == 3
    assert "other hours than New York's" in ended.err


def test_tzdata_alone_does(made: Machine, odd: Odd) -> None:
    assert made("config", "check", **NO_ZONES, **odd()).code == 0


@pytest.mark.parametrize("command", ["run-daily", "status", "verify", "preflight"])
def test_an_old_sqlite_is_named_with_the_version_that_is_needed(command: str, traded: Machine, odd: Odd) -> None:
    ended = traded(command, "--json", **odd(OLD_SQLITE))
    assert ended.code in (3, 10)
    assert "this Python has SQLite 3.36.0, and 3.37.0 or newer is needed" in json.dumps(ended.json)
    assert len(ended.err.splitlines()) == 1


def test_an_old_sqlite_makes_no_home(machine: Machine, odd: Odd) -> None:
    ended = machine("init-db", **odd(OLD_SQLITE))
    assert ended.code == 10
    assert "SQLite 3.36.0" in ended.err


def test_an_emergency_stop_latches_with_an_old_sqlite(traded: Machine, odd: Odd) -> None:
    ended = traded("emergency-stop", "--reason", "a test", **odd(OLD_SQLITE))
    assert ended.code == 10
    assert "the halt is latched" in ended.err
    assert (traded.home / "state" / "HALT").exists()


@pytest.mark.parametrize("typed", [("--help",), ("paper", "next", "-h"), ("config",)])
def test_help_without_docstrings_is_refused_in_one_line(typed: tuple[str, ...], machine: Machine, odd: Odd) -> None:
    ended = machine(*typed, PYTHONOPTIMIZE="2", **odd())
    (line,) = (ended.out + ended.err).splitlines()
    assert "no help with PYTHONOPTIMIZE=2" in line


def test_a_session_is_traded_without_docstrings(machine: Machine, odd: Odd) -> None:
    ended = machine("run-daily", "--json", PYTHONOPTIMIZE="2", **odd())
    assert (ended.code, len(ended.json["orders"]) > 0) == (0, True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no umask")
def test_files_and_folders_are_for_their_owner_whatever_the_umask(machine: Machine, odd: Odd) -> None:
    before = odd("import os\nos.umask(0o777)\n")
    assert machine("run-daily", **before).code == 0
    assert machine("backup", **before).code == 0
    assert machine("emergency-stop", "--reason", "a test", **before).code == 0
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (machine.home, *machine.home.rglob("*"))}
    modes |= {path: stat.S_IMODE(path.stat().st_mode) for path in machine.state.rglob("*")}
    assert len(modes) > 20
    assert {path: oct(mode) for path, mode in modes.items() if mode != (0o700 if path.is_dir() else 0o600)} == {}
