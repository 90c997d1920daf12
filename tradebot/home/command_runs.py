"""Files of the commands that another process started in a home, so that anyone can follow them.

Each run has a folder of its own under ``state/commands``, for its owner alone: what was asked, what the command wrote,
its exit code and a lock that it holds until it ends. The files answer after a restart of whatever started the command.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from secrets import token_hex
from time import monotonic, sleep

from tradebot.errors import ExitCode
from tradebot.home import locks, paths
from tradebot.home.atomic_files import make_folder, replace_text
from tradebot.home.regular_files import open_to_read, read_text

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

#: Ended runs that a home keeps.
KEPT = 20
#: Most bytes of an output that are read.
MOST_BYTES = 4 * 1024 * 1024

_ID = re.compile(r"\d{8}T\d{12}-[a-z-]{1,40}-[0-9a-f]{8}")
_REQUEST, _PID, _OUT, _ERR, _CODE, _LOCK = "request.json", "pid", "out", "err", "exit_code", "lock"
_CODE_BYTES = 16  # allocated before the command begins, so that a full disk loses no exit code
#: Seconds for which one starter waits for another.
_GUARD_SECONDS = 2.0


class RunState(StrEnum):
    """What became of a run."""

    RUNNING = "running"
    ENDED = "ended"  # it has an exit code
    KILLED = "killed"  # it is gone without one: a kill -9, no memory left, a crash of the machine


@dataclass(frozen=True, slots=True)
class CommandRun:
    """A command that was started in a home."""

    folder: Path
    command: str
    arguments: tuple[str, ...]
    began: datetime  # the machine's time, aware UTC

    @property
    def run_id(self) -> str:
        """The name of the run, which begins with its time."""
        return self.folder.name

    @property
    def out(self) -> Path:
        """The file of its standard output."""
        return self.folder / _OUT

    @property
    def err(self) -> Path:
        """The file of its standard error."""
        return self.folder / _ERR

    @property
    def state(self) -> RunState:
        """Whether it runs. Looking changes no byte."""
        if self.exit_code is None and is_held(self.folder):
            return RunState.RUNNING
        return RunState.KILLED if self.exit_code is None else RunState.ENDED

    @property
    def pid(self) -> int | None:
        """The id of its process; None where it was not written. It counts only while the run is running."""
        try:
            return int(read_text(self.folder / _PID))
        except (OSError, ValueError):
            return None

    @property
    def exit_code(self) -> ExitCode | None:
        """How it ended; None until it has, and for a run that was killed."""
        try:
            return ExitCode(int(read_text(self.folder / _CODE)))
        except (OSError, ValueError):
            return None

    def output(self) -> str:
        """What it has written to standard output."""
        return _read(self.out)

    def lines(self, after: int = 0) -> tuple[str, ...]:
        """The whole lines of standard error after the first ``after`` ones."""
        *lines, rest = _read(self.err).split("\n")
        if rest and self.state is not RunState.RUNNING:
            lines.append(rest)
        return tuple(lines[after:])


def runs(home: Path) -> tuple[CommandRun, ...]:
    """The runs that a home has files of, newest first."""
    try:
        names = sorted(os.listdir(paths.commands_folder(home)), reverse=True)  # noqa: PTH208 - names alone
    except OSError:
        return ()
    found = (_load(paths.commands_folder(home) / name) for name in names if _ID.fullmatch(name))
    return tuple(run for run in found if run is not None)


def find(home: Path, run_id: str) -> CommandRun | None:
    """The run of this id; None for a text that names none."""
    return _load(paths.commands_folder(home) / run_id) if _ID.fullmatch(run_id) else None


def create(folder: Path, command: str, arguments: Sequence[str], wall: datetime) -> CommandRun:
    """Make the files of a run in ``folder``. The run counts as running only while ``hold`` holds it. Raises OSError."""
    made = folder / f"{wall.astimezone(UTC):%Y%m%dT%H%M%S%f}-{command}-{token_hex(4)}"
    make_folder(folder)
    made.mkdir(mode=0o700)
    for name, size in ((_OUT, 0), (_ERR, 0), (_CODE, _CODE_BYTES), (_LOCK, 0)):
        descriptor = os.open(made / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, b" " * size)
        finally:
            os.close(descriptor)
    return CommandRun(made, command, tuple(arguments), wall)


def announce(run: CommandRun) -> None:
    """Let others find the run. Raises OSError."""
    asked = {"command": run.command, "arguments": run.arguments, "began": run.began.isoformat()}
    replace_text(run.folder / _REQUEST, json.dumps(asked) + "\n")


def write_pid(run: CommandRun, pid: int) -> None:
    """Keep the id of the run's process. Without it nobody can ask the process to end."""
    with suppress(OSError):
        replace_text(run.folder / _PID, f"{pid}\n")


def remove(run: CommandRun) -> None:
    """Delete the files of a run. What cannot be deleted stays."""
    shutil.rmtree(run.folder, ignore_errors=True)


def prune(home: Path) -> None:
    """Delete the files of runs that ended, but for the newest ``KEPT``."""
    for run in runs(home)[KEPT:]:
        if run.state is not RunState.RUNNING:
            remove(run)


def write_exit_code(folder: Path, code: int) -> None:
    """Keep the exit code of a run for good. Raises OSError."""
    descriptor = os.open(folder / _CODE, os.O_WRONLY)
    try:
        os.write(descriptor, str(code).ljust(_CODE_BYTES).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def hold(folder: Path) -> int:
    """Hold the lock of a run until the descriptor, and every copy of it in another process, is closed.

    On Windows a copy holds nothing: there the command itself has to call this. Raises OSError where another holds it.
    """
    descriptor = os.open(folder / _LOCK, os.O_RDWR)
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def is_held(folder: Path) -> bool:
    """Whether a process holds the lock of a run. Several may look at once."""
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    except OSError:
        return False
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def one_starter(home: Path) -> Iterator[None]:
    """Let one process at a time look what runs and start what does not.

    After two seconds it goes on beside the other: a starter may be paused, and an emergency stop waits for nobody.
    """
    deadline, held = monotonic() + _GUARD_SECONDS, None
    with suppress(OSError):
        make_folder(paths.commands_folder(home))
        while (held := locks.try_lock(paths.commands_folder(home) / _LOCK)) is None and monotonic() < deadline:
            sleep(0.02)
    try:
        yield
    finally:
        if held is not None:
            held.release()


def _load(folder: Path) -> CommandRun | None:
    try:
        asked = json.loads(read_text(folder / _REQUEST))
        arguments = tuple(str(word) for word in asked["arguments"])
        return CommandRun(folder, str(asked["command"]), arguments, datetime.fromisoformat(asked["began"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _read(path: Path) -> str:
    try:
        with open_to_read(path) as file:
            return (file.read(MOST_BYTES) or b"").decode("utf-8", errors="replace")
    except OSError:
        return ""
