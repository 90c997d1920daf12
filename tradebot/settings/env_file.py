"""Reading `.env`: from bytes to named entries with their lines, or to problems that say which line to mend."""

from __future__ import annotations

import codecs
import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from tradebot.errors import Problem

#: No honest `.env` is larger; a wrong path (a database, a log) often is.
MOST_BYTES = 1_000_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class EnvEntry:
    """``NAME=value`` as written in ``line`` (counted from 1), quotes and comments taken away."""

    name: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class EnvFile:
    """What a `.env` says. ``label`` is what messages call it; ``exposed`` whether other users may read it."""

    label: str
    entries: tuple[EnvEntry, ...] = ()
    problems: tuple[Problem, ...] = ()
    exposed: bool = False

    def line(self, number: int) -> str:
        return f"{self.label} line {number}"


def read(path: Path, label: str) -> EnvFile:
    """Read the file at ``path``, which must exist. Values are taken literally: ``$NAME`` is not expanded."""
    text = _text_of(path, label)
    if isinstance(text, Problem):
        return EnvFile(label, problems=(text,))
    entries: list[EnvEntry] = []
    problems: list[Problem] = []
    for binding, line in _numbered(text):
        entry = _entry(binding, line, f"{label} line {line}")
        if isinstance(entry, EnvEntry):
            entries.append(entry)
        elif entry is not None:
            problems.append(entry)
    return EnvFile(label, tuple(entries), (*problems, *_repetitions(entries, label)), _readable_by_others(path))


def _text_of(path: Path, label: str) -> str | Problem:
    """The file's text, or what keeps it from being one."""
    try:
        if path.is_dir():
            return Problem(label, f"{path} is a folder", "Give the path of a file.")
        if not path.is_file() and path != Path(os.devnull):
            return Problem(label, f"{path} is not a file", "Give the path of an ordinary text file.")
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        return Problem(
            label,
            f"{path} cannot be read ({error.strerror or error})",
            f"Let the user who runs tradebot read it (chmod u+r {path}).",
        )
    if len(raw) > MOST_BYTES:
        return Problem(label, f"{path} is larger than {MOST_BYTES:,} bytes", "Give the path of a `.env` file.")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Problem(label, f"{path} is written in UTF-16", "Save it as UTF-8.")
    if b"\x00" in raw:
        return Problem(label, f"{path} is a binary file", "Give the path of a text file with lines like NAME=value.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Problem(f"{label} line {line}", f"{path} is not UTF-8 text", "Save it as UTF-8.")


def _numbered(text: str) -> Iterator[tuple[Binding, int]]:
    """dotenv counts a binding from the blank lines before it; people count from its first character."""
    for binding in parse_stream(io.StringIO(text, newline=None)):
        original = binding.original
        blank = original.string[: len(original.string) - len(original.string.lstrip())]
        yield binding, original.line + blank.count("\n")


def _entry(binding: Binding, line: int, where: str) -> EnvEntry | Problem | None:
    """A binding as an entry; None for a comment. Messages never repeat a line, since it may hold a secret."""
    if binding.error:
        return Problem(where, "it cannot be understood", "Write NAME=value; close every quote on its own line.")
    if binding.key is None:
        return None
    if binding.value is None:
        return Problem(where, "it has no `=`", "Write NAME=value, or begin the line with # to make it a comment.")
    if not _NAME.fullmatch(binding.key):
        return Problem(where, "what stands before the `=` is no name", "Write NAME=value.")
    if "\n" in binding.value or "\r" in binding.value:
        return Problem(where, f"the value of {binding.key} runs over several lines", "Close the quote on its own line.")
    return EnvEntry(binding.key, binding.value, line)


def _repetitions(entries: list[EnvEntry], label: str) -> Iterator[Problem]:
    lines: dict[str, list[int]] = {}
    for entry in entries:
        lines.setdefault(entry.name, []).append(entry.line)
    for name, found in lines.items():
        if len(found) > 1:
            listed = ", ".join(map(str, found[:-1])) + f" and {found[-1]}"
            yield Problem(label, f"{name} is written more than once, in lines {listed}", "Keep one of them.")


def _readable_by_others(path: Path) -> bool:
    """Whether group or others may read the file, where the system knows such rights."""
    return os.name == "posix" and path.is_file() and bool(path.stat().st_mode & 0o044)
