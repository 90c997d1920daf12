"""Locks that allow one run at a time: one for each home, and one for each account so that two homes can't trade it.

The operating system releases a lock when the process that holds it ends. A JSON file beside the lock names the holder;
it counts only while the lock is held.
"""

from __future__ import annotations

import errno
import json
import logging
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.core.model.holders import Holder
from tradebot.core.model.order_ids import account_hash
from tradebot.errors import Locked
from tradebot.home import paths
from tradebot.home.atomic_files import make_folder, replace_text, write_error_text
from tradebot.home.regular_files import check_regular, read_text

if TYPE_CHECKING:
    from filelock import BaseFileLock

_LOG = logging.getLogger(__name__)


class HeldLock:
    """A lock that this process holds until it is released."""

    def __init__(self, path: Path, lock: BaseFileLock) -> None:
        self._path = path
        self._lock = lock
        self._pid = os.getpid()
        self._file = _identity(path)

    def assert_held(self) -> None:
        """Raise Locked after the release, in a child process, or if the lock file was removed or replaced."""
        if not self._lock.is_locked or os.getpid() != self._pid:
            raise Locked(f"this run does not hold the lock {self._path} any more. Nothing is sent without it.")
        if _identity(self._path) != self._file:
            raise Locked(
                f"the lock file {self._path} was removed or replaced during this run, so another run may act beside "
                "it. Nothing more is sent. Leave the file alone and run the command again."
            )

    def release(self) -> None:
        """Let others hold it."""
        self._lock.release()


@contextmanager
def home_lock(home: Path, *, command: str, wall: datetime, wait_seconds: float = 0.0) -> Iterator[HeldLock]:
    """Hold the lock of a home.

    command: the subcommand that holds it, for messages.
    wall: the machine's time, aware UTC.

    Raises Locked, naming the holder, if another run still holds it after ``wait_seconds``, and ConfigError if the home
    cannot be written.
    """
    with _held(paths.lock_file(home), "another run holds the lock", command, wall, wait_seconds) as lock:
        yield lock


@contextmanager
def account_lock(
    state_path: Path, account_key: str, *, command: str, wall: datetime, wait_seconds: float = 0.0
) -> Iterator[HeldLock]:
    """Hold the lock of an account, which all homes of this user share. Arguments and errors are those of ``home_lock``.

    state_path: the user's state folder.
    """
    path = _account_lock_file(state_path, account_key)
    refusal = "a run in another home holds this account's lock"
    with _held(path, refusal, command, wall, wait_seconds, "TRADEBOT_STATE_DIR") as lock:
        yield lock


def try_lock(path: Path) -> HeldLock | None:
    """Hold the lock in the file ``path`` from now on; None where another process holds it. Raises OSError."""
    from filelock import FileLock, Timeout  # slow to import, and most commands take no lock

    lock = FileLock(path, thread_local=False)
    try:
        check_regular(path)
        lock.acquire(timeout=0)
    except Timeout:
        return None
    except NotImplementedError as error:  # filelock's for a drive without locks
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK)) from error
    return HeldLock(path, lock)


def holder(home: Path, wall: datetime | None = None, *, ignoring: Collection[str] = ()) -> str:
    """The holder of a home's lock as text for people; "" if nobody holds it.

    wall: the machine's time, aware UTC; with it the text has the lock's age.
    ignoring: commands that do not count as holders.
    """
    return _holder(paths.lock_file(home), wall, ignoring)


def account_holder(
    state_path: Path, account_key: str, wall: datetime | None = None, *, ignoring: Collection[str] = ()
) -> str:
    """The holder of an account's lock; see ``holder``."""
    return _holder(_account_lock_file(state_path, account_key), wall, ignoring)


def _account_lock_file(state_path: Path, account_key: str) -> Path:
    return state_path / "locks" / f"account-{account_hash(account_key)}.lock"


def _holder(path: Path, wall: datetime | None, ignoring: Collection[str]) -> str:
    if not _holder_file(path).exists():
        return ""
    run = _read_holder(path)
    if run is not None and run.command in ignoring:
        return ""
    from filelock import FileLock, Timeout  # slow to import, and most commands take no lock

    try:
        check_regular(path)
        with FileLock(path, timeout=0, thread_local=False):
            return ""  # the holder's file is left over from a run that was killed
    except Timeout:
        return _describe(path, wall)
    except OSError as error:
        return f"{_describe(path, wall)}, unless it died: the lock cannot be tried ({error.strerror or error})"


@contextmanager
def _held(
    path: Path, refusal: str, command: str, wall: datetime, wait_seconds: float, chosen_by: str = "--home"
) -> Iterator[HeldLock]:
    from filelock import FileLock, Timeout  # slow to import, and most commands take no lock

    lock = FileLock(path, thread_local=False)
    try:
        make_folder(path.parent)
        check_regular(path)
        lock.acquire(timeout=wait_seconds, poll_interval=0.05)
    except Timeout:
        raise Locked(f"{refusal}: {_describe(path, wall)}. Wait until it has ended, then run this again.") from None
    except (OSError, NotImplementedError) as error:  # the latter is filelock's for a drive without locks
        trouble = error if isinstance(error, OSError) else OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
        raise write_error_text(path, trouble, chosen_by) from error
    try:
        _write_holder(path, Holder(os.getpid(), command, wall, paths.host_name()))
        yield HeldLock(path, lock)
    finally:
        with suppress(OSError):  # a file that stays does not count once the lock is free
            _holder_file(path).unlink(missing_ok=True)
        lock.release()


def _holder_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _write_holder(path: Path, run: Holder) -> None:
    """Name the holder of a lock. A failure is only logged, because the lock holds without it."""
    fields = {
        "pid": run.pid,
        "command": run.command,
        "started": run.since.isoformat(),
        "host": run.host,
    }
    try:
        replace_text(_holder_file(path), json.dumps(fields) + "\n")
    except OSError as error:
        _LOG.warning("who holds the lock could not be written to %s: %s", _holder_file(path), error)


def _read_holder(path: Path) -> Holder | None:
    try:
        fields = json.loads(read_text(_holder_file(path)))
        started = datetime.fromisoformat(fields["started"]).astimezone(UTC)
        return Holder(int(fields["pid"]), str(fields["command"]), started, str(fields["host"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _describe(path: Path, wall: datetime | None) -> str:
    run = _read_holder(path)
    if run is None:
        return "one that has not said yet who it is"
    return run.text(paths.host_name(), wall)


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of the file that has this name now; None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
