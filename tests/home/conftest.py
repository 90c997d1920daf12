"""Other processes that hold locks, and a user without rights."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

HOLD = """
import sys
from datetime import datetime
from pathlib import Path
from tradebot.errors import Locked
from tradebot.home import locks

where, key, command, started = sys.argv[1:]
make = locks.home_lock(Path(where), command=command, wall=datetime.fromisoformat(started)) if key == "-" else (
    locks.account_lock(Path(where), key, command=command, wall=datetime.fromisoformat(started)))
try:
    with make:
        print("held", flush=True)
        sys.stdin.readline()
except Locked as refusal:
    print(refusal, flush=True)
"""


class Holder:
    """A process that holds a lock, or was refused it: ``said`` is "held" or the refusal."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        assert process.stdin is not None
        self._stdin: IO[str] = process.stdin
        self.said = process.stdout.readline().strip()

    @property
    def pid(self) -> int:
        return self.process.pid

    def end(self) -> None:
        self._stdin.close()
        assert self.process.wait(timeout=20) == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=20)


@pytest.fixture
def hold_elsewhere() -> Iterator[Callable[..., Holder]]:
    """Starts a process that tries to hold a home's lock or, with ``account``, an account's."""
    started: list[Holder] = []

    def start(
        where: Path, account: str = "-", command: str = "run-daily", wall: str = "2026-01-02T14:35:02+00:00"
    ) -> Holder:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(where), account, command, wall],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(Holder(process))
        return started[-1]

    yield start
    for each in started:
        each.kill()
        for stream in (each.process.stdin, each.process.stdout):
            if stream is not None:
                stream.close()


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A folder that may be read and not written."""
    yield from _folder_without_rights(0o555)


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder that may not even be looked into."""
    yield from _folder_without_rights(0o000)


def _folder_without_rights(mode: int) -> Iterator[Path]:
    """A folder with few rights, in a test that runs without a superuser's."""
    if os.name == "nt":
        pytest.skip("Windows folders are protected by other means")
    folder = Path(tempfile.mkdtemp(prefix="tradebot-"))
    folder.chmod(mode)
    superuser = os.geteuid() == 0
    if superuser:
        os.seteuid(65534)
    yield folder
    if superuser:
        os.seteuid(0)
    folder.chmod(0o755)
    shutil.rmtree(folder)
