"""Sets up logging: a file a week for everything and a file a day, in UTC and with secrets masked."""

from __future__ import annotations

import logging
import logging.handlers
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from io import TextIOWrapper
from pathlib import Path

from tradebot.commands import log_rotation
from tradebot.commands.log_rotation import MAIN_LOG
from tradebot.errors import TradebotError
from tradebot.home.regular_files import check_regular
from tradebot.reports.streams import tell
from tradebot.settings import (
    GlobalOptions,
    Redactor,
    Settings,
    load_for,
    load_valid,
    process_environment,
    resolve_home,
)

_FORMAT = "%(asctime)sZ %(levelname)-7s %(process)d %(name)s: %(message)s"
#: The number of records that are buffered in memory until the home is known and its files are open.
_MAX_BUFFERED = 10_000


@dataclass(frozen=True, slots=True)
class _Archive:
    """The arguments of ``log_rotation.archive``, to be called when logging ends."""

    folder: Path
    today: date
    keep_weeks: int


_root = logging.getLogger()
_redactor = Redactor()
_files: list[logging.FileHandler] = []
_buffer: logging.handlers.MemoryHandler | None = None
_archive: _Archive | None = None


class _Formatter(logging.Formatter):
    """Formats times in UTC, and masks the secrets in message and traceback."""

    def __init__(self) -> None:
        super().__init__(_FORMAT, datefmt="%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class _LogFile(logging.FileHandler):
    """A log file. A write error, such as a full disk, is reported once on standard error and stops no job."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8", errors="backslashreplace")
        self._is_reported = False

    def _open(self) -> TextIOWrapper:
        path = Path(self.baseFilename)
        if not path.is_char_device():  # which takes lines without waiting
            check_regular(path)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._is_reported:
            self._is_reported = True
            tell(f"warning: {self.baseFilename} cannot be written ({error.strerror or error}); going on without it")

    def close(self) -> None:
        with suppress(OSError):  # the buffered rest cannot be written either
            super().close()


def daily_log(today: date) -> str:
    """The name of a day's log; ``today`` is the New York date of the machine's clock."""
    return f"daily_automation_{today:%Y-%m-%d}.log"


def begin(options: GlobalOptions) -> None:
    """Buffer log records until ``to_files`` opens the files. With -v they also go to standard error at once."""
    global _redactor
    end()
    with suppress(TradebotError):  # the command reports invalid settings itself
        _redactor = Redactor(load_valid(options).secrets())
    _root.setLevel(logging.DEBUG if options.verbose > 1 else logging.INFO)
    _begin_buffer()
    if options.verbose:
        stderr = logging.StreamHandler()
        stderr.setFormatter(_Formatter())
        _root.addHandler(stderr)


def to_files(settings: Settings, today: date) -> Iterator[str]:
    """Log to the home's files, the buffered records first. Yields a warning for each file that cannot be opened."""
    global _archive
    level = logging.getLevelName(settings.log_level)
    _root.setLevel(min(_root.level, level))
    _archive = _Archive(settings.log_path, today, settings.log_keep_weeks)
    with suppress(OSError):  # the next command tries again
        log_rotation.rotate(settings.log_path, today)
    for name in (MAIN_LOG, daily_log(today)):
        try:
            _open(settings.log_path / name, level)
        except OSError as error:
            yield f"{settings.log_path / name} cannot be written ({error.strerror or error}); going on without it"
    _flush()


def to_stderr(settings: Settings) -> None:
    """Log to standard error from now on, for a process that stays: what starts it keeps its output."""
    if not any(type(handler) is logging.StreamHandler for handler in _root.handlers):  # -v has one already
        stderr = logging.StreamHandler()
        stderr.setFormatter(_Formatter())
        stderr.setLevel(logging.getLevelName(settings.log_level))
        _root.addHandler(stderr)
    _end_buffer()


def writes_files() -> bool:
    """Whether log files are open."""
    return bool(_files)


def close_files() -> None:
    """Close the files, so that they can be removed. Secrets stay masked, and later records are buffered and dropped."""
    global _archive
    for handler in _files:
        _root.removeHandler(handler)
        handler.close()
    _files.clear()
    _archive = None
    _begin_buffer()


def end() -> None:
    """Close the files, archive those of past weeks, and reset the module for the next command in this process."""
    global _redactor, _archive
    for handler in [*_files, *(h for h in _root.handlers if isinstance(h, logging.StreamHandler))]:
        _root.removeHandler(handler)
        if isinstance(handler, logging.FileHandler):
            handler.close()
    _files.clear()
    if _archive is not None:
        with suppress(OSError):  # the next command tries again
            log_rotation.archive(_archive.folder, _archive.today, _archive.keep_weeks)
        _archive = None
    _redactor = Redactor()
    _end_buffer()


def log_traceback(options: GlobalOptions, name: str, error: Exception) -> Path | None:
    """Log the traceback of an unexpected error. Returns the path of the main log; None if it cannot be written."""
    try:
        if not _files:
            _open(_log_folder(options) / MAIN_LOG, logging.INFO)
            _flush()
    except (OSError, TradebotError):
        return None
    logging.getLogger(__name__).error("%s: unexpected error", name, exc_info=error)
    return Path(_files[0].baseFilename)


def redact(text: str) -> str:
    """``text`` with the secrets of the settings masked."""
    return _redactor(text)


def _log_folder(options: GlobalOptions) -> Path:
    """The configured folder; the default one if the configuration is invalid."""
    try:
        return load_for(options).settings.log_path
    except TradebotError:
        return resolve_home(options.home, process_environment()) / "logs"


def _open(path: Path, level: int) -> None:
    path.parent.mkdir(exist_ok=True)
    handler = _LogFile(path)
    handler.setFormatter(_Formatter())
    handler.setLevel(level)
    _root.addHandler(handler)
    _files.append(handler)


def _flush() -> None:
    """Write the buffered records to the files and remove the buffer."""
    for record in _buffer.buffer if _buffer is not None else ():
        for handler in _files:
            if record.levelno >= handler.level:
                handler.handle(record)
    _end_buffer()


def _begin_buffer() -> None:
    global _buffer
    _end_buffer()
    _buffer = logging.handlers.MemoryHandler(_MAX_BUFFERED, flushLevel=logging.CRITICAL + 1, flushOnClose=False)
    _root.addHandler(_buffer)


def _end_buffer() -> None:
    """Remove the buffer, with what is in it."""
    global _buffer
    if _buffer is not None:
        _root.removeHandler(_buffer)
        _buffer.close()
        _buffer = None
