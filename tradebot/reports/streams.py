"""Writing to standard output and standard error without ever failing a job because nobody reads."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO


def emit(text: str) -> None:
    """Write to standard output. A reader who left is no error; a full disk is told on standard error."""
    _write(sys.stdout, text)


def tell(text: str) -> None:
    """Write to standard error."""
    _write(sys.stderr, text)


def tolerate_any_letter() -> None:
    """Let a terminal or pipe of a narrow encoding show what it can, instead of failing on what it cannot."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None:  # closed by whoever started us
        return
    try:
        stream.write(text if text.endswith("\n") else f"{text}\n")
        stream.flush()
    except BrokenPipeError:
        _let_it_go(stream)
    except OSError as error:
        _let_it_go(stream)
        if stream is not sys.stderr:
            tell(f"tradebot: standard output cannot be written ({error.strerror or error}); the job itself went on")


def _let_it_go(stream: TextIO) -> None:
    """Point the stream's file at nothing, so that neither a later write nor the interpreter's end fails on it."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
