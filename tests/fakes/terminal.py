"""A person at a terminal: a program that runs on a pseudo-terminal of its own, what it shows, and the keys pressed."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_PATIENCE = 120.0  # seconds
INTERRUPT, END, TAB = "\x03", "\x04", "\t"
#: Makes standard input the controlling terminal, as a login does; a secret is asked for on it.
_LOGIN = "import fcntl, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
_TRADEBOT = "from tradebot.__main__ import main\nsys.argv[0] = 'tradebot'; sys.exit(main())"
_PROGRAM = "import os; os.execvp(sys.argv[1], sys.argv[1:])"


class Terminal:
    """A program on a terminal of 100 columns."""

    def __init__(self, screen: int, process: subprocess.Popen[bytes]) -> None:
        self._screen, self._process = screen, process
        self.shown = ""
        self._seen = 0  # how much of it earlier calls of ``until`` have passed

    def until(self, text: str) -> None:
        """Wait until the program shows a text, after what was waited for before."""
        deadline = time.monotonic() + _PATIENCE
        while (found := self.shown.find(text, self._seen)) < 0:
            assert self._read(deadline), f"it never showed {text!r}: {self.shown}"
        self._seen = found + len(text)

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._screen, keys.encode())

    def reply(self, *lines: str, prompt: str = "> ") -> None:
        """Type a line at each prompt that comes."""
        for line in lines:
            self.until(prompt)
            self.press(f"{line}\n")

    def ended(self) -> int:
        """Wait for its end, and give the exit code."""
        deadline = time.monotonic() + _PATIENCE
        while self._read(deadline):
            pass
        return self._process.wait(max(1.0, deadline - time.monotonic()))

    def _read(self, deadline: float) -> bool:
        """Take in what it shows next; false at its end and when patience is."""
        ready, _, _ = select.select([self._screen], [], [], max(0.0, deadline - time.monotonic()))
        with suppress(OSError):  # what Linux says at the end
            if ready and (more := os.read(self._screen, 65536)):
                self.shown += more.decode(errors="replace").replace("\r\n", "\n")
                return True
        return False


@contextmanager
def typed(*arguments: str | Path, cwd: Path, env: Mapping[str, str]) -> Iterator[Terminal]:
    """Run ``tradebot`` with these arguments on a terminal; POSIX only."""
    with _started(_LOGIN + _TRADEBOT, arguments, cwd, env) as terminal:
        yield terminal


@contextmanager
def program(*command: str | Path, cwd: Path, env: Mapping[str, str]) -> Iterator[Terminal]:
    """Run any other program on a terminal; POSIX only."""
    with _started(_LOGIN + _PROGRAM, command, cwd, env) as terminal:
        yield terminal


@contextmanager
def _started(code: str, arguments: Sequence[str | Path], cwd: Path, env: Mapping[str, str]) -> Iterator[Terminal]:
    import fcntl
    import pty
    import struct
    import termios

    screen, keyboard = pty.openpty()
    fcntl.ioctl(keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=cwd, env={"TERM": "dumb", **env}, stdin=keyboard, stdout=keyboard, stderr=keyboard, start_new_session=True,
    )  # fmt: skip
    os.close(keyboard)
    try:
        yield Terminal(screen, process)
    finally:
        process.kill()
        process.wait()
        os.close(screen)
