"""A user's machine in a folder of the test, on which ``tradebot`` runs as the processes that people and cron start.

Whatever a test is about, every process must end soundly: no traceback for the user, nothing but the answer on standard
output, one JSON object that tells the exit code, and nowhere the secret that its environment holds.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.cli import Ended, environment

SECRET = "canary-in-the-coal-mine-7c1f"
_LOG_LINE = re.compile(r"^\S+Z (DEBUG|INFO|WARNING|ERROR|CRITICAL) ", re.MULTILINE)


class Machine:
    """Runs commands with a user's folder, state and secrets of their own, in the home ``home``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.state = folder / "state"

    def __call__(self, *arguments: str | Path, stdin: str | None = None, **environ: str) -> Ended:
        """Run a command line to its end, in ``home`` unless it says otherwise."""
        process = self.start(*arguments, **environ)
        out, err = process.communicate(stdin, timeout=120)
        return sound(Ended(process.returncode, out, err), arguments)

    def start(self, *arguments: str | Path, **environ: str) -> subprocess.Popen[str]:
        """Begin a command line, and leave it to the test to see its end."""
        self.folder.joinpath("user").mkdir(exist_ok=True)
        named = {"HOME": str(self.folder / "user"), "TRADEBOT_HOME": str(self.home), "ALPACA_SECRET_KEY": SECRET}
        return subprocess.Popen(
            [sys.executable, "-m", "tradebot", *map(str, arguments)],
            cwd=self.folder,
            env=environment(self.state, {**named, **environ}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def log(self) -> str:
        """What the home's main log says."""
        return (self.home / "logs" / "trading_robot.log").read_text(encoding="utf-8")

    def env(self, *lines: str) -> None:
        """Write the home's `.env`."""
        self.home.mkdir(exist_ok=True)
        (self.home / ".env").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def sound(ended: Ended, arguments: tuple[str | Path, ...] = ()) -> Ended:
    """An ending that kept its promises, whatever its code."""
    told = ended.out + ended.err
    assert "Traceback" not in told, told
    assert SECRET not in told, told
    assert not _LOG_LINE.search(ended.out), ended.out
    if "--json" in arguments and "--help" not in arguments:
        said = json.loads(ended.out)
        assert said["exit_code"] == ended.code, told
        assert (ended.code in said["exit_codes"]) == (ended.code != 0), told
    return ended


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine on which nothing has been done yet."""
    made = Machine(tmp_path)
    yield made
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), f"the secret is in {path}"


@pytest.fixture
def traded(machine: Machine, _traded_home: Path) -> Machine:
    """A machine whose home has traded its first session, at 09:35."""
    shutil.copytree(_traded_home, machine.home)
    return machine


@pytest.fixture(scope="session")
def _traded_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    template = Machine(tmp_path_factory.mktemp("template"))
    ended = template("run-daily")
    assert ended.code == 0, ended.err
    return template.home
