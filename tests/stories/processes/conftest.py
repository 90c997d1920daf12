"""A user's machine in a folder of the test, on which ``tradebot`` runs as the processes that people and cron start.

Whatever a test is about, every process must end soundly: no traceback for the user, nothing but the answer on standard
output, one JSON object that tells the exit code, and nowhere the secret that its environment holds.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.fakes import homes
from tests.fakes.canary import CANARY
from tests.fakes.cli import ROOT, Ended, Process, environment, start

SECRET = CANARY
PATIENCE = 240.0  # seconds; nothing here takes five on an idle machine
#: The first session that is replayed for several tests, the last by the short form, and the last with --long.
FIRST, LAST_OF_ONE, LAST_OF_THREE = "2007-01-03", "2007-12-31", "2009-12-31"
_LOG_LINE = re.compile(r"^\S+Z (DEBUG|INFO|WARNING|ERROR|CRITICAL) ", re.MULTILINE)
_MANIFEST = """
name = "{name}"
version = "1.0.0"
description = "Does what a test wants."
symbols = ["AAPL", "MSFT"]
warmup = 10
"""


class Machine:
    """Runs commands with a user's folder, state and secrets of their own, in the home ``home``.

    interpreter: whether each command starts a Python of its own, as cron's do, instead of being forked.
    """

    def __init__(self, folder: Path, *, interpreter: bool = False) -> None:
        self.folder = folder
        self.interpreter = interpreter
        self.home = folder / "home"
        self.state = folder / "state"
        self.exchange = self.home / "state" / "paper_exchange.db"
        self.ledger = self.home / "trading_robot.db"

    def __call__(self, *arguments: str | Path, **environ: str) -> Ended:
        """Run a command line to its end, in ``home`` unless it says otherwise."""
        return ending(self.start(*arguments, **environ), *arguments)

    def start(self, *arguments: str | Path, **environ: str) -> Process:
        """Begin a command line; ``ending`` sees its end."""
        environment = self.environment(**environ)
        return start("tradebot", *arguments, cwd=self.folder, env=environment, interpreter=self.interpreter)

    def environment(self, **more: str) -> dict[str, str]:
        """A process environment with nothing of whoever runs the tests."""
        user, temporary = self.folder / "user", self.folder / "temporary"
        user.mkdir(exist_ok=True)
        temporary.mkdir(exist_ok=True)
        own = {
            "HOME": str(user),
            "TMPDIR": str(temporary),
            "TRADEBOT_HOME": str(self.home),
            "ALPACA_SECRET_KEY": SECRET,
        }
        return environment(self.state, {**own, **more})

    def env(self, *lines: str) -> None:
        """Write the home's `.env`."""
        self.home.mkdir(exist_ok=True)
        (self.home / ".env").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def strategy(self, name: str, *lines: str) -> None:
        """Give the user a strategy of his own; ``lines`` are its module."""
        folder = self.home / "strategies" / name
        folder.mkdir(parents=True)
        (folder / "manifest.toml").write_text(_MANIFEST.format(name=name), encoding="utf-8")
        (folder / "strategy.py").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def bug(self, module: str, function: str) -> str:
        """A PYTHONPATH with which ``function`` of ``module`` raises what nobody expected."""
        folder = self.folder / "bug"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(
            f"import {module} as module\n\ndef {function}(*given, **named):\n    raise KeyError('boom')\n\n"
            f"module.{function} = {function}\n"
        )
        return f"{folder}{os.pathsep}{ROOT}"

    def wait_for_lock(self, process: Process) -> None:
        """Wait until a process holds the home's lock."""
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            with suppress(OSError, ValueError):
                if json.loads((self.home / "state" / "lock.json").read_text())["pid"] == process.pid:
                    return
            time.sleep(0.01)
        raise AssertionError(f"it never held the lock: {process.communicate(timeout=PATIENCE)}")

    def orders(self) -> list[str]:
        """The orders that the exchange was sent, legs aside: a word on each, in the order of their coming."""
        with closing(sqlite3.connect(self.exchange)) as exchange:
            rows = exchange.execute("SELECT * FROM orders WHERE parent IS NULL ORDER BY number")
            names = [column[0] for column in rows.description]
            found = [dict(zip(names, row, strict=True)) for row in rows]
        return [f"{row['side']} {row['quantity']} {row['symbol']} {row['state']}" for row in found]

    @property
    def log(self) -> str:
        """What the home's main log says."""
        return (self.home / "logs" / "trading_robot.log").read_text(encoding="utf-8")


def ending(process: Process, *arguments: str | Path, patience: float = PATIENCE) -> Ended:
    """How a process ended, which must be sound whatever its code."""
    out, err = process.communicate(timeout=patience)
    assert "Traceback" not in out + err, out + err
    assert SECRET not in out + err, out + err
    assert not _LOG_LINE.search(out), out
    ended = Ended(process.returncode, out, err)
    if "--json" in arguments:
        assert ended.json["exit_code"] == ended.code, out + err
        assert (ended.code in ended.json["exit_codes"]) == (ended.code != 0), out
    return ended


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine on which nothing has been done yet."""
    return Machine(tmp_path)


@pytest.fixture
def made(machine: Machine, made_home: Path) -> Machine:
    """A machine whose home was made and has not traded."""
    shutil.copytree(made_home, machine.home)
    return machine


@pytest.fixture
def traded(machine: Machine, traded_home: Path) -> Machine:
    """A machine whose home has traded its first session, at 09:35."""
    shutil.copytree(traded_home, machine.home)
    return machine


@pytest.fixture(scope="session")
def last_session(pytestconfig: pytest.Config) -> str:
    """The last of the sessions that are replayed for several tests."""
    return LAST_OF_THREE if pytestconfig.getoption("--long") else LAST_OF_ONE


@pytest.fixture(scope="session")
def replayed_years(tmp_path_factory: pytest.TempPathFactory, last_session: str) -> Machine:
    """A machine on which a year was replayed, with --long three, and what the command said is in ``said.json``.

    It is to be looked at.
    """

    def replay(machine: Machine) -> None:
        process = machine.start("replay", "--from", FIRST, "--to", last_session, "--json")
        ended = ending(process, "--json", patience=2 * PATIENCE)
        assert ended.code == 0, ended.err
        (machine.folder / "said.json").write_text(ended.out)

    return once(tmp_path_factory, "replayed-years", replay)


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Machine], None]) -> Machine:
    """A machine that is made once, whichever of pytest's workers asks first."""
    return Machine(homes.once(factory, name, lambda folder: make(Machine(folder))))
