"""Rotates the log files by week: the log of a past week is renamed, compressed, and removed in the end.

The main log is renamed while other processes may have it open. They go on writing to the renamed file, so that no line
is lost. It is compressed only if its last line is of a past week, too. A file lock makes one of several concurrent
processes do the work; the others skip it.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

from tradebot.home.regular_files import check_regular, open_to_read

MAIN_LOG = "trading_robot.log"
ARCHIVE = "archive"
_WEEKLY = re.compile(r"trading_robot-(?P<year>\d{4})-W(?P<week>\d\d)(-\d+)?\.log(\.gz)?")
_DAILY = re.compile(r"daily_automation_(?P<day>\d{4}-\d\d-\d\d)\.log(\.gz)?")
_LINE_DATE = re.compile(rb"^(\d{4}-\d\d-\d\d)T", re.MULTILINE)
_HEAD_BYTES = 65_536  # read to find the date of a log's first line


def rotate(folder: Path, today: date) -> None:
    """Rename the main log if its first line is of an earlier week than ``today``'s. Raises OSError."""
    main = folder / MAIN_LOG
    if _is_over(_first_line_week(main), today):
        with _lock(folder) as locked:
            first = _first_line_week(main)
            if locked and first is not None and _is_over(first, today):
                year, week, _ = first.isocalendar()
                main.rename(_free_name(folder, f"trading_robot-{year}-W{week:02}"))


def archive(folder: Path, today: date, keep_weeks: int) -> None:
    """Compress the logs of past weeks into the archive, and remove those older than ``keep_weeks``. Raises OSError."""
    archived = folder / ARCHIVE
    past = [path for path in _logs(folder) if _is_over(_week_of(path), today)]
    over = [path for path in past if _is_over(_last_write_week(path), today)]
    oldest = _monday(today) - timedelta(weeks=keep_weeks)
    stale = [path for path in _logs(archived) if (week := _week_of(path)) is not None and week < oldest]
    if not over and not stale:
        return
    archived.mkdir(exist_ok=True)
    with _lock(folder) as locked:
        for path in over if locked else ():
            if path.exists():
                _compress(path, archived / f"{path.name}.gz")
        for path in stale if locked else ():
            path.unlink(missing_ok=True)


def _compress(path: Path, compressed: Path) -> None:
    """Write ``compressed`` under a temporary name, rename it when it is complete, then remove ``path``."""
    temporary = compressed.with_name(f".{compressed.name}.{os.getpid()}.tmp")
    try:
        with open_to_read(path) as plain, gzip.open(temporary, "wb") as file:
            shutil.copyfileobj(plain, file)
        temporary.replace(compressed)
    finally:
        temporary.unlink(missing_ok=True)
    path.unlink()


@contextmanager
def _lock(folder: Path) -> Iterator[bool]:
    """Yields whether the lock was free; holds it if so."""
    from filelock import FileLock, Timeout  # slow to import, and not needed on most days

    lock = FileLock(folder / ".archive.lock", timeout=0)
    try:
        check_regular(folder / ".archive.lock")
        lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _logs(folder: Path) -> list[Path]:
    """The log files of a folder, sorted by name."""
    return sorted(folder.glob("*.log*")) if folder.is_dir() else []


def _week_of(path: Path) -> date | None:
    """The Monday of the week in a file's name; None for a name without one."""
    if match := _WEEKLY.fullmatch(path.name):
        return date.fromisocalendar(int(match["year"]), int(match["week"]), 1)
    if match := _DAILY.fullmatch(path.name):
        return _monday(date.fromisoformat(match["day"]))
    return None


def _first_line_week(path: Path) -> date | None:
    """The Monday of the week of a log's first line; None without a file or a line."""
    try:
        with open_to_read(path) as file:
            match = _LINE_DATE.search(file.read(_HEAD_BYTES))
    except FileNotFoundError:
        return None
    return _monday(date.fromisoformat(match[1].decode())) if match else None


def _last_write_week(path: Path) -> date:
    return _monday(datetime.fromtimestamp(path.stat().st_mtime, UTC).date())


def _is_over(week: date | None, today: date) -> bool:
    return week is not None and week < _monday(today)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _free_name(folder: Path, stem: str) -> Path:
    """The first of ``stem.log``, ``stem-2.log``, ... that exists neither here nor in the archive."""
    names = (f"{stem}.log" if number == 1 else f"{stem}-{number}.log" for number in count(1))
    return next(
        folder / name
        for name in names
        if not (folder / name).exists() and not (folder / ARCHIVE / f"{name}.gz").exists()
    )
