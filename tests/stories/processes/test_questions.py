"""Questions asked on a terminal, and the answers that people give, ^C among them."""

from __future__ import annotations

import os
import select
import subprocess
import sys

import pytest

from tests.fakes.homes import account_id
from tests.stories.processes.conftest import PATIENCE, Machine

if os.name == "nt":
    pytest.skip("Windows has no such terminals", allow_module_level=True)

import pty

CONTROL_C = b"\x03"
#: Lets ^C on the terminal reach the command, as a shell does.
ON_THE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "tradebot", *sys.argv[1:]])
"""


def _asked(machine: Machine, command: tuple[str, ...], answer: bytes) -> tuple[int, str]:
    """The code and the words of a command whose question is answered on a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", ON_THE_TERMINAL, *command],
        cwd=machine.folder,
        env=machine.environment(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    told = _read_until(ours, "Answer yes or no:")
    os.write(ours, answer)
    told += _read_until(ours, None)
    os.close(ours)
    assert "Traceback" not in told, told
    return process.wait(timeout=PATIENCE), told


def _read_until(terminal: int, words: str | None) -> str:
    told = ""
    while words is None or words not in told:
        ready, _, _ = select.select([terminal], [], [], PATIENCE)
        assert ready, f"it says nothing more after {told!r}"
        try:
            read = os.read(terminal, 4096)
        except OSError:  # how Linux says that the other side is closed
            break
        if not read:
            break
        told += read.decode(errors="replace")
    assert words is None or words in told, told
    return told


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [(b"yes\n", 0, "account {} begins"), (b"no\n", 2, "nothing was changed"), (CONTROL_C, 130, "stopped by ^C")],
    ids=["yes", "no", "control-c"],
)
def test_a_reset_is_asked_about(answer: bytes, code: int, words: str, traded: Machine) -> None:
    before = account_id(traded.home)
    ended, told = _asked(traded, ("paper", "reset"), answer)
    assert ended == code, told
    now = account_id(traded.home)
    assert words.format(now) in told
    assert (now == before) == (code != 0)


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [(b"y\n", 0, "running again"), (b"\n", 2, "nothing was changed"), (CONTROL_C, 130, "stopped by ^C")],
    ids=["yes", "nothing", "control-c"],
)
def test_a_resume_is_asked_about_with_what_is_halted(answer: bytes, code: int, words: str, traded: Machine) -> None:
    assert traded("emergency-stop", "--reason", "a test of nerves").code == 0
    ended, told = _asked(traded, ("resume", "--reason", "looked into it"), answer)
    assert ended == code, told
    assert "a test of nerves" in told
    assert words in told
    assert traded("check-exits").code == (0 if code == 0 else 4)
