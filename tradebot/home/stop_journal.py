"""The journal of an emergency stop: a file of the home that the next holder of the lock imports into the ledger.

Each stop has its own append-only file of JSON lines. It starts in a spare file of blank lines whose disk space was
allocated before, so that a full disk loses no entry. An incomplete line is logged and ignored.
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

from tradebot.core.results.stop_entry import StopEntry
from tradebot.home import append_log, paths
from tradebot.home.append_log import LineWriter
from tradebot.home.atomic_files import make_folder, sync_folder
from tradebot.home.regular_files import NotRegularFile, check_regular, open_regular

#: Size of the spare file: enough for a stop of several hundred orders.
SPARE_FILE_BYTES = 128 * 1024
#: The last entry of every stop that was not killed.
ENDED = "ended"
#: A stop without that entry that has written nothing for this long was killed.
SILENT_FOR = timedelta(minutes=15)

_SPARE = "spare"
_SUFFIX = ".journal"
_LOG = logging.getLogger(__name__)


class StopJournalFile:
    """The journal of one emergency stop. Never raises OSError: ``trouble`` says why entries are missing, "" if none is.

    wall: when the stop began, the machine's time, aware UTC.
    """

    def __init__(self, home: Path, wall: datetime) -> None:
        name = f"{wall.astimezone(UTC):%Y%m%dT%H%M%S.%f}-{os.getpid()}"
        names = (paths.stops_folder(home) / f"{name}-{number}{_SUFFIX}" for number in count(1))
        self._path = next(path for path in names if not os.path.exists(path))  # noqa: PTH110 - this never raises
        self.trouble = ""
        try:
            self._file: LineWriter | None = LineWriter(self._open())
        except OSError as error:
            self._file = None
            self._record_failure(error)

    def write(self, entry: StopEntry) -> None:
        """Append an entry. It survives the end of this process, and a power cut after ``close``."""
        if self._file is not None:
            try:
                self._file.write(_line(entry))
            except OSError as error:
                self._record_failure(error)

    def close(self, at: datetime) -> None:
        """Append the entry ``ENDED`` and flush the journal to disk."""
        self.write(StopEntry(at, ENDED))
        if self._file is None:
            return
        try:
            self._file.sync()
        except OSError as error:
            self._record_failure(error)
        finally:
            self._file.close()

    def _open(self) -> FileIO:
        """Rename the spare file to this journal's name, or create a new file."""
        make_folder(self._path.parent)
        spare = self._path.parent / _SPARE
        try:
            check_regular(spare)
            spare.rename(self._path)
        except (FileNotFoundError, NotRegularFile):
            return FileIO(self._path, "x")
        return FileIO(self._path, "r+")

    def _record_failure(self, error: OSError) -> None:
        if not self.trouble:
            self.trouble = f"what it did cannot be kept in {self._path}: {error.strerror or error}"
            _LOG.error("%s", self.trouble)


@dataclass(frozen=True, slots=True)
class PendingStop:
    """The journal of a finished emergency stop that is not in the ledger yet."""

    path: Path
    entries: tuple[StopEntry, ...]  # without ``ENDED``

    def delete(self) -> None:
        """Delete the file, once the ledger has its entries. Raises OSError."""
        self.path.unlink(missing_ok=True)


def make_spare_file(home: Path) -> None:
    """Allocate the spare file for the next stop, unless it exists. Raises OSError."""
    spare = paths.stops_folder(home) / _SPARE
    if spare.exists():
        return
    make_folder(spare.parent)
    temporary = spare.with_name(f"{_SPARE}.{os.getpid()}")
    try:
        with open(open_regular(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as file:  # noqa: PTH123
            file.write(b"\n" * SPARE_FILE_BYTES)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(spare)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(spare.parent)


def finished_stops(home: Path, wall: datetime) -> tuple[PendingStop, ...]:
    """The finished stops that are not in the ledger yet, oldest first.

    wall: the machine's time, aware UTC. It tells a stop that was killed from one that is running.
    """
    stops = []
    for path in sorted(paths.stops_folder(home).glob(f"*{_SUFFIX}")):
        try:
            lines = append_log.read_lines(path)
            silent_for = wall - datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError as error:
            _LOG.error("the journal of an emergency stop cannot be read: %s", error)
            continue
        entries = tuple(entry for entry in map(_entry, lines) if entry is not None)
        has_ended = any(entry.did == ENDED for entry in entries)
        if has_ended or silent_for > SILENT_FOR:
            stops.append(PendingStop(path, tuple(entry for entry in entries if entry.did != ENDED)))
    return tuple(stops)


def _line(entry: StopEntry) -> str:
    fields: dict[str, str | int | None] = {
        "at": entry.at.isoformat(),
        "did": entry.did,
        "symbol": entry.symbol,
        "order_id": entry.order_id,
        "quantity": None if entry.quantity is None else str(entry.quantity),
        "detail": entry.detail,
    }
    if entry.exit_code is not None:
        fields["exit_code"] = entry.exit_code
    return json.dumps(fields)


def _entry(line: str) -> StopEntry | None:
    """Parse a line; None, with a warning in the log, if it is incomplete."""
    try:
        fields = json.loads(line)
        quantity = fields["quantity"]
        return StopEntry(
            at=datetime.fromisoformat(fields["at"]),
            did=str(fields["did"]),
            symbol=str(fields["symbol"]),
            order_id=str(fields["order_id"]),
            quantity=None if quantity is None else Decimal(quantity),
            detail=str(fields["detail"]),
            exit_code=fields.get("exit_code"),
        )
    except (ValueError, KeyError, TypeError, ArithmeticError):
        _LOG.warning("a line of an emergency stop's journal cannot be understood: %.80s", line)
        return None
