"""A user without HOME and without an entry in the system's list, as a container with an arbitrary user id has."""

from __future__ import annotations

import os
import sys

import pytest

from tests.stories.machine.conftest import Odd
from tests.stories.processes.conftest import Machine

NO_ENTRY = """
import pwd
def getpwuid(number):
    raise KeyError(f"getpwuid(): uid not found: {number}")
pwd.getpwuid = getpwuid
"""
#: As if they were not set: an empty HOME is no folder.
HOMELESS = {"HOME": "", "TRADEBOT_STATE_DIR": ""}

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows asks no list of users")


@pytest.mark.parametrize("command", ["run-daily", "preflight", "config check", "status", "schedule print"])
def test_what_is_missing_is_said_in_one_message(command: str, traded: Machine, odd: Odd) -> None:
    ended = traded(*command.split(), **HOMELESS, **odd(NO_ENTRY))
    assert ended.code == 3
    (line,) = [line for line in ended.err.splitlines() if "this user has no folder" in line]
    assert "Set HOME, or TRADEBOT_STATE_DIR" in line


def test_a_state_folder_does(machine: Machine, odd: Odd) -> None:
    without = {**HOMELESS, "TRADEBOT_STATE_DIR": str(machine.state), **odd(NO_ENTRY)}
    assert machine("run-daily", **without).code == 0
    ended = machine("schedule", "install", "--for", "systemd", "--yes", **without)
    assert (ended.code, "this user has no folder of its own" in ended.err) == (3, True)


def test_an_emergency_stop_needs_none(traded: Machine, odd: Odd) -> None:
    ended = traded("emergency-stop", "--reason", "a test", "--json", **HOMELESS, **odd(NO_ENTRY))
    assert (ended.code, (traded.home / "state" / "HALT").exists()) == (0, True)


def test_a_user_of_the_system_needs_no_home_variable(machine: Machine, odd: Odd) -> None:
    listed = f"import os\nos.environ.pop('HOME', 0)\nos.environ['XDG_STATE_HOME'] = {str(machine.state)!r}\n"
    assert machine("run-daily", TRADEBOT_STATE_DIR="", **odd(listed)).code == 0
    assert sys.platform != "linux" or (machine.state / "tradebot" / "locks").is_dir()
