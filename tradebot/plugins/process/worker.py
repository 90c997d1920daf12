"""The worker of the strategy process: computes signals on request, one strategy at a time, until the command ends.

What answers requests runs beside the code of strategies, which can change any of it. The command checks each answer
again.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from textwrap import shorten
from typing import NoReturn

from tradebot.plugins.errors import PluginError
from tradebot.plugins.import_hints import import_hint
from tradebot.plugins.process import limits, linux
from tradebot.plugins.process.fork_server import serve_forks
from tradebot.plugins.process.framing import NO_LIMIT, encode_frame, read_exactly, read_frame, write_all
from tradebot.plugins.process.messages import (
    Request,
    encode_answer,
    encode_failure,
    request_from,
)
from tradebot.plugins.process.output import end_mark
from tradebot.plugins.raw_signals import RawSignals, last_session, raw_signals
from tradebot.plugins.strategy_module import load_class
from tradebot.strategy_api import Strategy

MAX_MESSAGE_LENGTH = 300
_STANDARD_ERROR = 2
#: Objects between two collections, as in the commands.
GC_THRESHOLD = 200_000


def serve(requests: int, answers: int, control: int, memory_mb: int, user: str) -> NoReturn:
    """Answer requests, or on Linux fork processes that do, for ever.

    A process ends with the pipe of its requests, or the connection ``control``, without any strategy's exit handlers.
    """
    limits.become(user)
    limits.limit_memory(memory_mb)
    gc.set_threshold(GC_THRESHOLD)
    gc.freeze()  # what was imported is never collected, and stays shared with the processes forked from here
    linux.hide_memory()  # from the strategies, and theirs from each other
    write_all(answers, encode_frame({"pid": os.getpid()}))
    if control >= 0:
        os.close(requests)
        os.close(answers)
        serve_forks(control, _answer_requests)
    _answer_requests(requests, answers)


def _answer_requests(requests: int, answers: int) -> NoReturn:
    classes: dict[str, Callable[[], Strategy]] = {}
    own = os.getpid()
    while True:
        try:
            frame = read_frame(lambda size: read_exactly(requests, size), lambda: NO_LIMIT)
        except EOFError:
            os._exit(0)
        number, answer = frame.header["fields"]["number"], _answer(request_from(frame), classes)
        if os.getpid() != own:  # a strategy forked, and both came back
            os._exit(0)
        _end_output(number)
        write_all(answers, answer)


def _answer(request: Request, classes: dict[str, Callable[[], Strategy]]) -> bytes:
    try:
        with _alarm(request.timeout_seconds):
            return encode_answer(_compute(request, classes))
    except BaseException as error:  # noqa: BLE001 - nothing that a strategy raises, SystemExit too, may go further
        return encode_failure(_error_text(error, Path(request.folder)), _details(error))


def _compute(request: Request, classes: dict[str, Callable[[], Strategy]]) -> RawSignals:
    os.chdir(request.folder)
    if request.reload or request.name not in classes:
        classes[request.name] = load_class(request.name, Path(request.folder))
    close = request.history.close.copy()  # the strategy may change the frames
    raw = raw_signals(classes[request.name]().signals(request.history, dict(request.params)), close)
    return last_session(raw) if request.last_only else raw


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """End the process after so many seconds, with a traceback on standard error. It works inside C code, too."""
    faulthandler.dump_traceback_later(seconds, exit=True, file=_STANDARD_ERROR)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _error_text(error: BaseException, folder: Path) -> str:
    if isinstance(error, PluginError):
        return str(error)
    if hint := import_hint(error, folder):
        return hint
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename} line {error.lineno}: {type(error).__name__}: {error.msg}"
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(folder)]
    # Not str(error), which may raise for an exception class of the strategy.
    what = shorten(traceback.format_exception_only(error)[0], MAX_MESSAGE_LENGTH)
    if isinstance(error, MemoryError):
        what += "; STRATEGY_MEMORY_MB limits the memory of a strategy"
    if isinstance(error, ImportError) and (library := _unreadable_library()):
        what += f"; STRATEGY_USER may not read Python's own files in {library}: install Python where it may"
    if isinstance(error, PermissionError) and not os.access(folder, os.R_OK | os.X_OK):
        what += f"; STRATEGY_USER may not read {folder}: keep strategies outside the home, in a STRATEGIES_DIR for it"
    return f"{own[-1].filename} line {own[-1].lineno}: {what}" if own else what


def _unreadable_library() -> str:
    """The first folder of the module search path that this process may not read, or ""."""
    for place in (str(Path(os.__file__).parent), *sys.path):
        try:
            os.scandir(place).close()
        except PermissionError:
            return place
        except OSError:
            continue
    return ""


def _details(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error))
    except Exception as unspeakable:  # noqa: BLE001 - an exception class of the strategy may do anything
        return type(unspeakable).__name__


def _end_output(number: int) -> None:
    """Write the mark that ends the output of one computation, after what C code and Python still hold back."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    limits.flush_c_streams()
    with suppress(OSError):
        os.write(_STANDARD_ERROR, end_mark(number))
