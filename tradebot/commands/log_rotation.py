"""The log by weeks: what a week that is over left behind is set apart, packed, and in the end removed.

The main log is set apart by renaming it, so that nothing waits and no line is lost: who has it open goes on writing to
it under its new name. It is packed only once nobody has written to it in the present week. Several processes may do
all this at once; one does it, the others go on.
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

MAIN_LOG = "trading_robot.log"
ARCHIVE = "archive"
_WEEKLY = re.compile(r"trading_robot-(?P<year>\d{4})-W(?P<week>\d\d)(-\d+)?\.log(\.gz)?")
_DAILY = re.compile(r"daily_automation_(?P<day>\d{4}-\d\d-\d\d)\.log(\.gz)?")
_LINE_BEGINS = re.compile(rb"^(\d{4}-\d\d-\d\d)T", re.MULTILINE)
_ENOUGH_BYTES = 65_536


def begin_week(folder: Path, today: date) -> None:
    """Set the main log apart when it was begun in an earlier week than ``today``'s. Raises OSError."""
    main = folder / MAIN_LOG
    if _is_over(_week_begun(main), today):
        with _alone(folder) as alone:
            begun = _week_begun(main)
            if alone and begun is not None and _is_over(begun, today):
                year, week, _ = begun.isocalendar()
                main.rename(_free_name(folder, f"trading_robot-{year}-W{week:02}"))


def pack(folder: Path, today: date, keep_weeks: int) -> None:
    """Pack the logs of weeks that are over, and remove those older than ``keep_weeks`` weeks. Raises OSError."""
    archive = folder / ARCHIVE
    over = [path for path in _logs(folder) if _is_over(_week_of(path), today) and _is_over(_last_written(path), today)]
    oldest = _monday(today) - timedelta(weeks=keep_weeks)
    stale = [path for path in _logs(archive) if (week := _week_of(path)) is not None and week < oldest]
    if not over and not stale:
        return
    archive.mkdir(exist_ok=True)
    with _alone(folder) as alone:
        for path in over if alone else ():
            if path.exists():
                _pack(path, archive / f"{path.name}.gz")
        for path in stale if alone else ():
            path.unlink(missing_ok=True)


def _pack(path: Path, packed: Path) -> None:
    """One step for whoever looks on: the packed file appears whole, and only then the other goes."""
    making = packed.with_name(f".{packed.name}.{os.getpid()}.tmp")
    try:
        with path.open("rb") as plain, gzip.open(making, "wb") as file:
            shutil.copyfileobj(plain, file)
        making.replace(packed)
    finally:
        making.unlink(missing_ok=True)
    path.unlink()


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether no other process is at it."""
    from filelock import FileLock, Timeout  # slow to import, and nothing is to be packed most days

    lock = FileLock(folder / ".archive.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def _logs(folder: Path) -> list[Path]:
    """The log files of a folder whose names say when they are from, in order."""
    return sorted(folder.glob("*.log*")) if folder.is_dir() else []


def _week_of(path: Path) -> date | None:
    """The Monday of the week that a file's name speaks of."""
    if found := _WEEKLY.fullmatch(path.name):
        return date.fromisocalendar(int(found["year"]), int(found["week"]), 1)
    if found := _DAILY.fullmatch(path.name):
        return _monday(date.fromisoformat(found["day"]))
    return None


def _week_begun(path: Path) -> date | None:
    """The Monday of the week in which a log's first line was written."""
    try:
        with path.open("rb") as file:
            found = _LINE_BEGINS.search(file.read(_ENOUGH_BYTES))
    except FileNotFoundError:
        return None
    return _monday(date.fromisoformat(found[1].decode())) if found else None


def _last_written(path: Path) -> date:
    return _monday(datetime.fromtimestamp(path.stat().st_mtime, UTC).date())


def _is_over(week: date | None, today: date) -> bool:
    return week is not None and week < _monday(today)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _free_name(folder: Path, stem: str) -> Path:
    """The first of ``stem.log``, ``stem-2.log``, ... that is not there, packed or not."""
    names = (f"{stem}.log" if number == 1 else f"{stem}-{number}.log" for number in count(1))
    return next(
        folder / name
        for name in names
        if not (folder / name).exists() and not (folder / ARCHIVE / f"{name}.gz").exists()
    )
