"""Running a strategy's code so that whatever it does, it stops only itself.

It runs in a thread of its own, which answers, fails or is given up on. Limits: a strategy runs with the rights of the
whole process, so one that calls ``os._exit`` or changes global state is not held back. One that is
silent for too long is told to stop; while it sits in C code that cannot reach it, and its daemon thread then stays
behind, harmless, until the process ends, which it does not delay.
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

LONGEST_MESSAGE = 300
#: Bytes of what a strategy writes past Python that the log takes.
LONGEST_OUTPUT = 100_000
_STDOUT = 1
_C_LIBRARY = ctypes.CDLL(None) if os.name == "posix" else None

T = TypeVar("T")


class PluginBroken(TradebotError):
    """A strategy did not do what a strategy must; the message says what and where."""

    exit_code = ExitCode.DEGRADED


class PluginSilent(PluginBroken):
    """A strategy did not answer in time."""


def ask(work: Callable[[], T], name: str, folder: Path, timeout_seconds: float) -> T:
    """What ``work`` gives, which runs code of the strategy ``name`` in ``folder``.

    Raises PluginBroken when it raises or exits, and PluginSilent when it takes longer than ``timeout_seconds``. What it
    writes to stdout, from Python, C or a process that it starts, goes to the log, because stdout belongs to the
    command's answer.
    """
    answers: list[T] = []
    troubles: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(work())
        except BaseException as trouble:  # noqa: BLE001 - whatever a plugin raises, SystemExit too, stops only itself
            troubles.append(trouble)

    thread = threading.Thread(target=run, name=f"strategy {name}", daemon=True)
    with _prints_logged(thread, name), _file_logged(name):
        thread.start()
        thread.join(timeout_seconds)
    if thread.is_alive():
        place = _innermost(folder, traceback.extract_stack(sys._current_frames().get(thread.ident or 0)))
        _tell_to_stop(thread)
        raise PluginSilent(f"no answer within {timeout_seconds:g} seconds" + (f"; it was at {place}" if place else ""))
    if troubles:
        LOGGER.debug("strategy %s failed", name, exc_info=troubles[0])
        raise PluginBroken(_described(troubles[0], folder)) from troubles[0]
    return answers[0]


def _described(trouble: BaseException, folder: Path) -> str:
    if isinstance(trouble, PluginBroken):
        return str(trouble)
    if isinstance(trouble, SyntaxError) and trouble.filename:
        return f"{trouble.filename} line {trouble.lineno}: {type(trouble).__name__}: {trouble.msg}"
    place = _innermost(folder, traceback.extract_tb(trouble.__traceback__))
    # Not str(trouble): an exception of the strategy's own making may fail at that, too.
    what = shorten(traceback.format_exception_only(trouble)[0], LONGEST_MESSAGE)
    return f"{place}: {what}" if place else what


def _innermost(folder: Path, steps: traceback.StackSummary) -> str:
    """The innermost of ``steps`` in the strategy's own files, as "FILE line N"; empty when there is none."""
    own = [step for step in steps if Path(step.filename).is_relative_to(folder)]
    return f"{own[-1].filename} line {own[-1].lineno}" if own else ""


def _tell_to_stop(thread: threading.Thread) -> None:
    """Raise SystemExit inside ``thread``, so that an endless loop does not go on using the processor."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(SystemExit))


@contextlib.contextmanager
def _prints_logged(thread: threading.Thread, name: str) -> Iterator[None]:
    diverted = _Diverted(sys.stdout, thread, name)
    with contextlib.redirect_stdout(cast(TextIO, diverted)):
        yield
    diverted.finish()


@contextlib.contextmanager
def _file_logged(name: str) -> Iterator[None]:
    """Take what C code and processes write to the file of stdout to the log; of the whole process, for this while."""
    _flush_stdout()
    try:
        kept = os.dup(_STDOUT)
    except OSError:  # closed by whoever started us
        yield
        return
    with _somewhere() as caught:
        os.dup2(caught.fileno(), _STDOUT)
        try:
            yield
        finally:
            _flush_stdout()
            os.dup2(kept, _STDOUT)
            os.close(kept)
            caught.seek(0)
            for line in caught.read(LONGEST_OUTPUT).decode(errors="replace").splitlines():
                _log_printed(name, line)


def _somewhere() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile()
    except OSError:  # there is no room; a strategy's chatter is not worth a session
        return Path(os.devnull).open("r+b")


def _flush_stdout() -> None:
    """Write out what waits in the buffers of Python and of the C library, while the file is still where it belongs."""
    for stream in (sys.stdout, sys.__stdout__):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            cast(TextIO, stream).flush()
    if _C_LIBRARY is not None:
        _C_LIBRARY.fflush(None)


def _log_printed(name: str, line: str) -> None:
    LOGGER.info("strategy %s printed: %s", name, line)


class _Diverted:
    """A stdout that takes one thread's lines to the log and leaves every other thread's alone."""

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
            _log_printed(self._name, line)
        return len(text)

    def finish(self) -> None:
        if self._pending:
            _log_printed(self._name, self._pending)
            self._pending = ""

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._stdout, attribute)
