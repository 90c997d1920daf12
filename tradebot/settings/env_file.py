"""Reads a `.env` file into entries with line numbers, and into problems that name the line to correct."""

from __future__ import annotations

import codecs
import io
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from tradebot.errors import Problem

#: The largest size that is read: a larger file is a wrong path, such as a database or a log.
MAX_BYTES = 1_000_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class EnvEntry:
    """A line ``NAME=value``."""

    name: str
    value: str  # without quotes and comment
    line: int  # counted from 1


@dataclass(frozen=True, slots=True)
class EnvFile:
    """The content of a `.env` file."""

    label: str  # the file's name in messages
    entries: tuple[EnvEntry, ...] = ()
    problems: tuple[Problem, ...] = ()  # of the whole file or of a line: any setting may be affected
    duplicates: Mapping[str, Problem] = field(default_factory=dict)  # by the name that is written more than once
    exposed: bool = False  # whether group or others may read the file (POSIX only)

    def line(self, number: int) -> str:
        """The name of a line in messages."""
        return _line_label(self.label, number)


def read(path: Path, label: str) -> EnvFile:
    """Read the file at ``path``, which must exist; errors become problems. ``$NAME`` in a value is not expanded."""
    text = _read_text(path, label)
    if isinstance(text, Problem):
        return EnvFile(label, problems=(text,))
    entries: list[EnvEntry] = []
    problems: list[Problem] = []
    for binding, line in _numbered(text):
        entry = _entry(binding, line, label)
        if isinstance(entry, EnvEntry):
            entries.append(entry)
        elif entry is not None:
            problems.append(entry)
    return EnvFile(label, tuple(entries), tuple(problems), _duplicates(entries, label), _readable_by_others(path))


def _line_label(label: str, number: int) -> str:
    return f"{label} line {number}"


def _read_text(path: Path, label: str) -> str | Problem:
    try:
        if path.is_dir():
            return Problem(label, f"{path} is a folder", "Give the path of a file.")
        if not path.is_file() and path != Path(os.devnull):
            return Problem(label, f"{path} is not a file", "Give the path of an ordinary text file.")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        return Problem(
            label,
            f"{path} cannot be read ({error.strerror or error})",
            f"Let the user who runs tradebot read it (chmod u+r {path}).",
        )
    if len(raw) > MAX_BYTES:
        return Problem(label, f"{path} is larger than {MAX_BYTES:,} bytes", "Give the path of a `.env` file.")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Problem(label, f"{path} is written in UTF-16", "Save it as UTF-8.")
    if b"\x00" in raw:
        return Problem(label, f"{path} is a binary file", "Give the path of a text file with lines like NAME=value.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Problem(_line_label(label, line), f"{path} is not UTF-8 text", "Save it as UTF-8.")


def _numbered(text: str) -> Iterator[tuple[Binding, int]]:
    """The bindings with the line of their first character: dotenv counts from the blank lines before a binding."""
    for binding in parse_stream(io.StringIO(text, newline=None)):
        original = binding.original
        blank = original.string[: len(original.string) - len(original.string.lstrip())]
        yield binding, original.line + blank.count("\n")


def _entry(binding: Binding, line: int, label: str) -> EnvEntry | Problem | None:
    """A binding as an entry; None for a comment. A problem never quotes the line, which may hold a secret."""
    where = _line_label(label, line)
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


def _duplicates(entries: list[EnvEntry], label: str) -> dict[str, Problem]:
    lines: dict[str, list[int]] = {}
    for entry in entries:
        lines.setdefault(entry.name, []).append(entry.line)
    return {
        name: Problem(
            label,
            f"{name} is written more than once, in lines {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}",
            "Keep one of them.",
        )
        for name, numbers in lines.items()
        if len(numbers) > 1
    }


def _readable_by_others(path: Path) -> bool:
    return os.name == "posix" and path.is_file() and bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
