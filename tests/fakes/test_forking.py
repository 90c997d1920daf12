"""A forked command is what the same command is in an interpreter of its own."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest

from tests.fakes.cli import Process, environment, start

if sys.platform != "linux":
    pytest.skip("commands are forked on Linux only", allow_module_level=True)

_PATIENCE = 60.0


def begin(folder: Path, *arguments: str, interpreter: bool = False, stdin: str = "", **environ: str) -> Process:
    surroundings = environment(folder / "state", {"TRADEBOT_HOME": str(folder / "home"), **environ})
    return start("tradebot", *arguments, cwd=folder, env=surroundings, stdin=stdin, interpreter=interpreter)


@pytest.mark.parametrize(
    ("arguments", "environ"),
    [
        (("--help",), {"COLUMNS": "60"}),
        (("config", "show", "--json"), {"MAX_POSITIONS": "3"}),
        (("status",), {}),
        (("nonsense",), {}),
    ],
    ids=["help", "config", "no home", "usage"],
)
def test_it_says_the_same_and_ends_the_same(
    tmp_path: Path, arguments: tuple[str, ...], environ: dict[str, str]
) -> None:
    ended = []
    for interpreter in (False, True):
        process = begin(tmp_path, *arguments, interpreter=interpreter, **environ)
        ended.append((process.communicate(timeout=_PATIENCE), process.returncode))
    assert ended[0] == ended[1]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_it_is_sent_signals(tmp_path: Path, number: signal.Signals, code: int) -> None:
    process = begin(tmp_path, "replay", "--to", "2012-12-31", "--json")
    assert process.poll() is None
    deadline = time.monotonic() + _PATIENCE
    while not (tmp_path / "home" / "logs").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(number)
    process.communicate(timeout=_PATIENCE)
    assert (process.returncode, process.poll()) == (code, code)


def test_a_signal_that_its_starter_has_blocked_meets_its_first_line(tmp_path: Path) -> None:
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
        try:
            process = begin(tmp_path, "status")
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        process.send_signal(number)
        process.communicate(timeout=_PATIENCE)
        assert process.returncode == code
