"""Log files: everything in one a week, and one a day for what the schedule ran. No line holds a secret."""

from __future__ import annotations

import logging
import logging.handlers
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tradebot.commands import log_rotation
from tradebot.commands.log_rotation import MAIN_LOG
from tradebot.errors import TradebotError
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
#: Lines said before the home is known to be right wait in memory; more than this says something is wrong anyway.
_BUFFERED_LINES = 10_000


@dataclass(frozen=True, slots=True)
class _Kept:
    """The folder that is logged to, since when, and for how many weeks logs are kept there."""

    folder: Path
    today: date
    weeks: int


_root = logging.getLogger()
_redactor = Redactor()
_files: list[logging.FileHandler] = []
_buffer: logging.handlers.MemoryHandler | None = None
_kept: _Kept | None = None


class _Formatter(logging.Formatter):
    """UTC times, and no secret in message or traceback."""

    def __init__(self) -> None:
        super().__init__(_FORMAT, datefmt="%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class _LogFile(logging.FileHandler):
    """A log file. One that cannot be written any more, on a full disk, say, is said once and stops no job."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8", errors="backslashreplace")
        self._is_told = False

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            super().handleError(record)
        elif not self._is_told:
            self._is_told = True
            tell(f"warning: {self.baseFilename} cannot be written ({error.strerror or error}); going on without it")

    def close(self) -> None:
        with suppress(OSError):  # what it still held cannot be written either
            super().close()


def daily_log(today: date) -> str:
    """The name of a day's log; ``today`` is the date in New York on the wall."""
    return f"daily_automation_{today:%Y-%m-%d}.log"


def begin(options: GlobalOptions) -> None:
    """Keep what is logged until ``to_files`` says where it goes; with -v show it on standard error at once."""
    global _buffer, _redactor
    end()
    with suppress(TradebotError):  # the command itself will say what is wrong with the settings
        _redactor = Redactor(load_valid(options).secrets())
    _root.setLevel(logging.DEBUG if options.verbose > 1 else logging.INFO)
    _buffer = logging.handlers.MemoryHandler(_BUFFERED_LINES, flushLevel=logging.CRITICAL + 1, flushOnClose=False)
    _root.addHandler(_buffer)
    if options.verbose:
        stderr = logging.StreamHandler()
        stderr.setFormatter(_Formatter())
        _root.addHandler(stderr)


def to_files(settings: Settings, today: date) -> Iterator[str]:
    """Log to the home's files from now on, and what was said so far too. Gives a warning for each that cannot be."""
    global _kept
    level = logging.getLevelName(settings.log_level)
    _root.setLevel(min(_root.level, level))
    _kept = _Kept(settings.log_path, today, settings.log_keep_weeks)
    with suppress(OSError):  # whoever may write there next time does it then
        log_rotation.begin_week(settings.log_path, today)
    for name in (MAIN_LOG, daily_log(today)):
        try:
            _open(settings.log_path / name, level)
        except OSError as error:
            yield f"{settings.log_path / name} cannot be written ({error.strerror or error}); going on without it"
    _flush()


def goes_to_files() -> bool:
    """Whether what is logged is kept."""
    return bool(_files)


def end() -> None:
    """Close the files, pack those of weeks that are over, and forget it all: a next command here begins anew."""
    global _buffer, _redactor, _kept
    for handler in [*_files, *(h for h in _root.handlers if isinstance(h, logging.StreamHandler))]:
        _root.removeHandler(handler)
        if isinstance(handler, logging.FileHandler):
            handler.close()
    _files.clear()
    if _kept is not None:
        with suppress(OSError):  # the logs stay where they are until somebody may pack them
            log_rotation.pack(_kept.folder, _kept.today, _kept.weeks)
        _kept = None
    _redactor = Redactor()
    if _buffer is not None:
        _root.removeHandler(_buffer)
        _buffer.close()
        _buffer = None


def keep_traceback(options: GlobalOptions, name: str, error: Exception) -> Path | None:
    """Write the traceback of an unexpected error to the main log and say where that is; None when it cannot be."""
    try:
        if not _files:
            _open(_log_folder(options) / MAIN_LOG, logging.INFO)
            _flush()
    except (OSError, TradebotError):
        return None
    logging.getLogger(__name__).error("%s: unexpected error", name, exc_info=error)
    return Path(_files[0].baseFilename)


def redact(text: str) -> str:
    """``text`` without any of the secrets of the settings."""
    return _redactor(text)


def _log_folder(options: GlobalOptions) -> Path:
    """The configured folder; the default one when it is the configuration that cannot be read."""
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
    """Hand what waited in memory to the files, and let later lines go there directly."""
    global _buffer
    if _buffer is None:
        return
    _root.removeHandler(_buffer)
    for record in _buffer.buffer:
        for handler in _files:
            if record.levelno >= handler.level:
                handler.handle(record)
    _buffer.close()
    _buffer = None
