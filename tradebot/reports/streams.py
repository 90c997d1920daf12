"""Writes to standard output and standard error. A failed write never fails a job."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO

from tradebot.core.model.texts import visible


def emit(text: str) -> None:
    """Write to standard output. A closed pipe is ignored; any other OSError is reported on standard error."""
    _write(sys.stdout, text)


def tell(text: str) -> None:
    """Write to standard error, control characters as escapes. Every OSError is ignored."""
    _write(sys.stderr, visible(text))


def tell_drawn(text: str) -> None:
    """Write a page that ``terminal.draw`` drew to standard error, with its colours. Every OSError is ignored."""
    _write(sys.stderr, text)


def escape_unencodable() -> None:
    """Write characters that the streams' encoding lacks as backslash escapes instead of raising UnicodeEncodeError."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:  # closed by the process that started this one
        return
    try:
        stream.write(text if text.endswith("\n") else f"{text}\n")
        stream.flush()
    except BrokenPipeError:
        _discard(stream)
    except OSError as error:
        _discard(stream)
        if stream is not sys.stderr:
            tell(f"tradebot: standard output cannot be written ({error.strerror or error}); the job itself went on")


def _discard(stream: TextIO) -> None:
    """Redirect the stream to the null device, so that neither later writes nor the flush at exit fail."""
    with suppress(OSError, ValueError):
        null_device = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null_device, stream.fileno())
        os.close(null_device)
