"""What an emergency stop did, kept in a file of the home until the next holder of the lock takes it into the ledger.

Each stop has a file of its own, a line an entry. It begins in a spare one whose room on the disk was taken when there
was some, so that a full disk loses nothing of it; blank lines are the room that is left.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import FileIO
from itertools import count
from pathlib import Path

from tradebot.core.results.results import StopEntry
from tradebot.home import append_log, paths
from tradebot.home.append_log import LineWriter
from tradebot.home.atomic_files import make_folder, sync_folder

#: Room for a stop of some hundred orders.
SPARE_BYTES = 128 * 1024
#: What a stop writes last. One that has not, and has been silent for so long, was killed.
ENDED = "ended"
SILENT_FOR = timedelta(minutes=15)

_SPARE = "spare"
_SUFFIX = ".journal"
_LOG = logging.getLogger(__name__)


class StopJournalFile:
    """The journal of one emergency stop, from ``wall`` (the machine's time, aware UTC) on. Never raises OSError."""

    def __init__(self, home: Path, wall: datetime) -> None:
        name = f"{wall.astimezone(UTC):%Y%m%dT%H%M%S.%f}-{os.getpid()}"
        names = (paths.stops_folder(home) / f"{name}-{number}{_SUFFIX}" for number in count(1))
        self._path = next(path for path in names if not os.path.exists(path))  # noqa: PTH110 - this never raises
        self.trouble = ""  # why it does not hold everything, if so
        try:
            self._file: LineWriter | None = LineWriter(self._claimed())
        except OSError as error:
            self._file = None
            self._failed(error)

    def write(self, entry: StopEntry) -> None:
        """Add an entry. It outlives this process at once, and a power cut after ``close``."""
        if self._file is not None:
            try:
                self._file.write(_line(entry))
            except OSError as error:
                self._failed(error)

    def close(self, at: datetime) -> None:
        """Say that the stop has ended, and bring everything to the disk."""
        self.write(StopEntry(at, ENDED))
        if self._file is None:
            return
        try:
            self._file.sync()
        except OSError as error:
            self._failed(error)
        finally:
            self._file.close()

    def _claimed(self) -> FileIO:
        """The spare file under this stop's name, or a new one."""
        make_folder(self._path.parent)
        try:
            (self._path.parent / _SPARE).rename(self._path)
        except FileNotFoundError:
            return FileIO(self._path, "x")
        return FileIO(self._path, "r+")

    def _failed(self, error: OSError) -> None:
        if not self.trouble:
            self.trouble = f"what it did cannot be kept in {self._path}: {error.strerror or error}"
            _LOG.error("%s", self.trouble)


@dataclass(frozen=True, slots=True)
class PendingStop:
    """The journal of an emergency stop that is over."""

    path: Path
    entries: tuple[StopEntry, ...]

    def forget(self) -> None:
        """Remove it, once the ledger has it. Raises OSError."""
        self.path.unlink(missing_ok=True)


def make_spare(home: Path) -> None:
    """Take the room on the disk that the next stop will write into, unless it is taken. Raises OSError."""
    spare = paths.stops_folder(home) / _SPARE
    if spare.exists():
        return
    make_folder(spare.parent)
    making = spare.with_name(f"{_SPARE}.{os.getpid()}")
    try:
        with making.open("wb") as file:
            file.write(b"\n" * SPARE_BYTES)
            file.flush()
            os.fsync(file.fileno())
        making.replace(spare)
    finally:
        making.unlink(missing_ok=True)
    sync_folder(spare.parent)


def kept(home: Path, wall: datetime) -> tuple[PendingStop, ...]:
    """The stops that are over and not in the ledger yet, oldest first; those still at work are left out."""
    found = []
    for path in sorted(paths.stops_folder(home).glob(f"*{_SUFFIX}")):
        try:
            lines = append_log.read_lines(path)
            silent = wall - datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError as error:
            _LOG.error("the journal of an emergency stop cannot be read: %s", error)
            continue
        entries = tuple(entry for entry in map(_entry, lines) if entry is not None)
        has_ended = any(entry.did == ENDED for entry in entries)
        if has_ended or silent > SILENT_FOR:
            found.append(PendingStop(path, tuple(entry for entry in entries if entry.did != ENDED)))
    return tuple(found)


def _line(entry: StopEntry) -> str:
    content: dict[str, str | int | None] = {
        "at": entry.at.isoformat(),
        "did": entry.did,
        "symbol": entry.symbol,
        "order_id": entry.order_id,
        "quantity": None if entry.quantity is None else str(entry.quantity),
        "detail": entry.detail,
    }
    if entry.exit_code is not None:
        content["exit_code"] = entry.exit_code
    return json.dumps(content)


def _entry(line: str) -> StopEntry | None:
    """A line torn by a crash, or overwritten by one, is told and left out."""
    try:
        found = json.loads(line)
        quantity = found["quantity"]
        return StopEntry(
            at=datetime.fromisoformat(found["at"]),
            did=str(found["did"]),
            symbol=str(found["symbol"]),
            order_id=str(found["order_id"]),
            quantity=None if quantity is None else Decimal(quantity),
            detail=str(found["detail"]),
            exit_code=found.get("exit_code"),
        )
    except (ValueError, KeyError, TypeError, ArithmeticError):
        _LOG.warning("a line of an emergency stop's journal cannot be understood: %.80s", line)
        return None
