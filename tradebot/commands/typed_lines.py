"""Lines that a person types at a terminal, shown or hidden, each with an end to the wait.

The terminal takes at most 1,024 (macOS) or 4,096 characters of a line by itself, fewer than a token may have, so that
the line is read character by character.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tradebot.errors import UsageError

#: Seconds for which a line is waited for.
PATIENCE = 300.0
_END, _ERASE, _LINE_ENDS = "\x04", ("\x7f", "\b"), ("\n", "\r")

ReadCharacters = Callable[[float], str]  # the characters that were typed within so many seconds, "" for none


def typed_line(prompt: str, *, hidden: bool = False) -> str:
    """A line, without the blanks around it. Raises UsageError at its end (^D) and after ``PATIENCE`` seconds."""
    with _keyboard() as read:  # before anybody is asked to type
        _show(prompt)
        try:
            return _line(read, hidden=hidden)
        finally:
            _show("\n")


def _line(read: ReadCharacters, *, hidden: bool) -> str:
    line, deadline = "", time.monotonic() + PATIENCE
    while (left := deadline - time.monotonic()) > 0:
        for character in read(left):
            if character in _LINE_ENDS:
                return line.strip()
            if character == _END and not line:
                raise UsageError("nothing was changed.")
            if character in _ERASE:
                if line and not hidden:
                    _show("\b \b")
                line = line[:-1]
            elif character.isprintable():
                line += character
                if not hidden:
                    _show(character)
    raise UsageError(f"nothing was typed within {PATIENCE:.0f} seconds, and nothing was changed.")


def _show(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


if sys.platform == "win32":
    import msvcrt

    @contextmanager
    def _keyboard() -> Iterator[ReadCharacters]:
        def read(seconds: float) -> str:
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                if msvcrt.kbhit():
                    character = msvcrt.getwch()
                    if character == "\x03":
                        raise KeyboardInterrupt
                    return _END if character == "\x1a" else character
                time.sleep(0.02)
            return ""

        yield read

else:
    import codecs
    import select
    import termios

    @contextmanager
    def _keyboard() -> Iterator[ReadCharacters]:
        """Standard input without lines and without an echo; ^C still sends its signal."""
        source = sys.stdin.fileno()
        before = termios.tcgetattr(source)
        mode = termios.tcgetattr(source)
        mode[3] &= ~(termios.ICANON | termios.ECHO)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")

        def read(seconds: float) -> str:
            if not select.select([source], [], [], seconds)[0]:
                return ""
            typed = os.read(source, 65536)
            return decoder.decode(typed) if typed else _END

        termios.tcsetattr(source, termios.TCSADRAIN, mode)
        try:
            yield read
        finally:
            termios.tcsetattr(source, termios.TCSADRAIN, before)
