"""Isolation of a strategy's code in a thread, so that its errors, its output and its delays stay its own.

Limits: a strategy has the rights of the process, so that ``os._exit`` or a change of global state is not prevented.
After the time-out SystemExit is raised inside the thread. C code does not see it; the daemon thread then goes on until
the process ends, and does not delay that end.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import shorten
from typing import IO, Any, TextIO, TypeVar, cast

from tradebot.errors import ExitCode, TradebotError

LOGGER = logging.getLogger(__name__)

MAX_MESSAGE_LENGTH = 300
#: Bytes of output by C code and child processes that are logged for each call.
MAX_OUTPUT_BYTES = 100_000
_STDOUT = 1
_C_LIBRARY = ctypes.CDLL(None) if os.name == "posix" else None

T = TypeVar("T")


class PluginError(TradebotError):
    """A strategy failed or broke a rule of its interface. The message says how and where."""

    exit_code = ExitCode.DEGRADED


class PluginTimeout(PluginError):
    """A strategy did not answer in time."""


def run_isolated(work: Callable[[], T], name: str, folder: Path, timeout_seconds: float) -> T:
    """Call ``work``, which runs code of the strategy ``name`` in ``folder``, and return its result.

    Raises PluginError if it raises or exits, and PluginTimeout if it takes longer than ``timeout_seconds``. Output to
    stdout, from Python, C or a child process, is logged, because a command writes only its result there.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - nothing that a plugin raises, SystemExit too, may go further
            errors.append(error)

    thread = threading.Thread(target=run, name=f"strategy {name}", daemon=True)
    with _log_prints(thread, name), _log_descriptor(name):
        thread.start()
        thread.join(timeout_seconds)
    if thread.is_alive():
        where = _innermost(folder, traceback.extract_stack(sys._current_frames().get(thread.ident or 0)))
        _raise_system_exit(thread)
        raise PluginTimeout(f"no answer within {timeout_seconds:g} seconds" + (f"; it was at {where}" if where else ""))
    if errors:
        LOGGER.debug("strategy %s failed", name, exc_info=errors[0])
        raise PluginError(_error_text(errors[0], folder)) from errors[0]
    return results[0]


def _error_text(error: BaseException, folder: Path) -> str:
    if isinstance(error, PluginError):
        return str(error)
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename} line {error.lineno}: {type(error).__name__}: {error.msg}"
    where = _innermost(folder, traceback.extract_tb(error.__traceback__))
    # Not str(error), which may raise for an exception class of the strategy.
    what = shorten(traceback.format_exception_only(error)[0], MAX_MESSAGE_LENGTH)
    return f"{where}: {what}" if where else what


def _innermost(folder: Path, stack: traceback.StackSummary) -> str:
    """The innermost frame in the strategy's files, as "FILE line N"; "" if there is none."""
    own = [frame for frame in stack if Path(frame.filename).is_relative_to(folder)]
    return f"{own[-1].filename} line {own[-1].lineno}" if own else ""


def _raise_system_exit(thread: threading.Thread) -> None:
    """Raise SystemExit inside ``thread``, so that an endless loop ends."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))


@contextlib.contextmanager
def _log_prints(thread: threading.Thread, name: str) -> Iterator[None]:
    """Log what ``thread`` writes to ``sys.stdout``."""
    diverted = _ThreadStdout(sys.stdout, thread, name)
    with contextlib.redirect_stdout(cast(TextIO, diverted)):
        yield
    diverted.finish()


@contextlib.contextmanager
def _log_descriptor(name: str) -> Iterator[None]:
    """Log what C code and child processes write to file descriptor 1 in the meantime, whichever thread they run in."""
    _flush_stdout()
    try:
        original = os.dup(_STDOUT)
    except OSError:  # the parent process closed it
        yield
        return
    with _output_file() as output:
        os.dup2(output.fileno(), _STDOUT)
        try:
            yield
        finally:
            _flush_stdout()
            os.dup2(original, _STDOUT)
            os.close(original)
            output.seek(0)
            for line in output.read(MAX_OUTPUT_BYTES).decode(errors="replace").splitlines():
                _log_line(name, line)


def _output_file() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile()
    except OSError:  # the disk is full; output is discarded rather than the signals
        return Path(os.devnull).open("r+b")


def _flush_stdout() -> None:
    """Flush the buffers of Python and of the C library to the current descriptor."""
    for stream in (sys.stdout, sys.__stdout__):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            cast(TextIO, stream).flush()
    if _C_LIBRARY is not None:
        _C_LIBRARY.fflush(None)


def _log_line(name: str, line: str) -> None:
    LOGGER.info("strategy %s printed: %s", name, line)


class _ThreadStdout:
    """A stdout that logs the lines of one thread and passes on those of all others."""

    def __init__(self, stdout: TextIO, thread: threading.Thread, name: str) -> None:
        self._stdout = stdout
        self._thread = thread
        self._name = name
        self._pending = ""

    def write(self, text: str) -> int:
        if threading.current_thread() is not self._thread:
            return self._stdout.write(text)
        *lines, self._pending = (self._pending + text).split("\n")
        for line in lines:
            _log_line(self._name, line)
        return len(text)

    def finish(self) -> None:
        if self._pending:
            _log_line(self._name, self._pending)
            self._pending = ""

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._stdout, attribute)
