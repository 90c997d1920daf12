"""One run at a time: a lock for the home, and one of the user's for the account, so that two homes can't trade it.

The locks are the operating system's and end with the process that holds them, however it ends. Who holds one is
written beside it, in a file that only means something while the lock is held.
"""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.order_ids import account_hash
from tradebot.errors import Locked
from tradebot.home import paths
from tradebot.home.atomic_files import make_folder, replace_text, write_error_text

if TYPE_CHECKING:
    from filelock import BaseFileLock

_LOG = logging.getLogger(__name__)


class HeldLock:
    """A lock that this process holds until its ``with`` block ends."""

    def __init__(self, path: Path, lock: BaseFileLock) -> None:
        self._path = path
        self._lock = lock
        self._pid = os.getpid()
        self._file = _identity(path)

    def assert_held(self) -> None:
        """Raise Locked unless this process still holds it: after its release, in a child, or when its file is gone."""
        if not self._lock.is_locked or os.getpid() != self._pid:
            raise Locked(f"this run does not hold the lock {self._path} any more. Nothing is sent without it.")
        if _identity(self._path) != self._file:
            raise Locked(
                f"the lock file {self._path} was removed or replaced during this run, so another run may act beside "
                "it. Nothing more is sent. Leave the file alone and run the command again."
            )


@contextmanager
def home_lock(home: Path, *, command: str, wall: datetime, wait_seconds: float = 0.0) -> Iterator[HeldLock]:
    """Hold the right to act in a home. ``wall`` is the machine's time, aware UTC; ``command`` names the subcommand.

    Raises Locked, naming the holder, when another run holds it still after ``wait_seconds``, and ConfigError when the
    home cannot be written.
    """
    with _held(paths.lock_file(home), "another run holds the lock", command, wall, wait_seconds) as lock:
        yield lock


@contextmanager
def account_lock(
    state_path: Path, account_key: str, *, command: str, wall: datetime, wait_seconds: float = 0.0
) -> Iterator[HeldLock]:
    """Hold the right to act on an account, among all homes of this user; ``state_path`` is the user's own folder.

    Raises as ``home_lock`` does.
    """
    path = _account_lock_file(state_path, account_key)
    refusal = "a run in another home holds this account's lock"
    with _held(path, refusal, command, wall, wait_seconds, "TRADEBOT_STATE_DIR") as lock:
        yield lock


def holder(home: Path, wall: datetime | None = None, *, besides: Collection[str] = ()) -> str:
    """Who holds a home's lock, for people, with its age when ``wall`` is given; "" when nobody does.

    The commands ``besides`` do not count.
    """
    return _holder(paths.lock_file(home), wall, besides)


def account_holder(
    state_path: Path, account_key: str, wall: datetime | None = None, *, besides: Collection[str] = ()
) -> str:
    """As ``holder``, of an account's lock."""
    return _holder(_account_lock_file(state_path, account_key), wall, besides)


def _account_lock_file(state_path: Path, account_key: str) -> Path:
    return state_path / "locks" / f"account-{account_hash(account_key)}.lock"


def _holder(path: Path, wall: datetime | None, besides: Collection[str]) -> str:
    if not _note(path).exists():
        return ""
    who = _read_note(path)
    if who is not None and who.command in besides:
        return ""
    from filelock import FileLock, Timeout  # slow to import, and most commands need no lock

    try:
        with FileLock(path, timeout=0, thread_local=False):
            return ""  # the note was left behind by a run that died
    except Timeout:
        return _describe(path, wall)
    except OSError as error:
        return f"{_describe(path, wall)}, unless it died: the lock cannot be tried ({error.strerror or error})"


@contextmanager
def _held(
    path: Path, refusal: str, command: str, wall: datetime, wait_seconds: float, chosen_by: str = "--home"
) -> Iterator[HeldLock]:
    from filelock import FileLock, Timeout  # slow to import, and most commands need no lock

    lock = FileLock(path, thread_local=False)
    try:
        make_folder(path.parent)
        lock.acquire(timeout=wait_seconds, poll_interval=0.05)
    except Timeout:
        raise Locked(f"{refusal}: {_describe(path, wall)}. Wait until it has ended, then run this again.") from None
    except OSError as error:
        raise write_error_text(path, error, chosen_by) from error
    try:
        _write_note(path, _Holder(os.getpid(), command, wall, socket.gethostname()))
        yield HeldLock(path, lock)
    finally:
        with suppress(OSError):  # a note that stays behind is seen to mean nothing
            _note(path).unlink(missing_ok=True)
        lock.release()


@dataclass(frozen=True, slots=True)
class _Holder:
    pid: int
    command: str
    started: datetime
    host: str


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _write_note(path: Path, who: _Holder) -> None:
    """The note is for people: a lock without it still locks, so a failure is only logged."""
    fields = {"pid": who.pid, "command": who.command, "started": who.started.isoformat(), "host": who.host}
    try:
        replace_text(_note(path), json.dumps(fields) + "\n")
    except OSError as error:
        _LOG.warning("who holds the lock could not be written to %s: %s", _note(path), error)


def _read_note(path: Path) -> _Holder | None:
    try:
        fields = json.loads(_note(path).read_text(encoding="utf-8"))
        started = datetime.fromisoformat(fields["started"]).astimezone(UTC)
        return _Holder(int(fields["pid"]), str(fields["command"]), started, str(fields["host"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _describe(path: Path, wall: datetime | None) -> str:
    who = _read_note(path)
    if who is None:
        return "one that has not said yet who it is"
    started = who.started.astimezone(NEW_YORK)
    text = f"pid {who.pid}, `tradebot {who.command}`, since {started:%H:%M:%S} New York time"
    if wall is not None:
        text += f" ({_age((wall - who.started).total_seconds())})"
    return text if who.host == socket.gethostname() else f"{text}, on {who.host}"


def _age(seconds: float) -> str:
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h"


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file bears this name now."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
