"""Reads a `.env` file into entries with line numbers, and into problems that name the line to correct.

A value is literal: no backslash, ``$`` or ``#`` in it is decoded, and one pair of quotes around it is taken off. Other
programs decode more. A value that they would read otherwise is a problem that names both readings.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from dotenv.parser import parse_stream

from tradebot.errors import Problem

#: The largest size that is read: a larger file is a wrong path, such as a database or a log.
MAX_BYTES = 1_000_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_LINE_END = re.compile(r"\r\n|\n|\r")
_BLANKS = " \t"
_COMMENT = re.compile(r"[ \t]+#.*")
#: A value in quotes of one kind, none of them within it, and what may follow the closing one.
_QUOTED = {quote: re.compile(rf"{quote}([^{quote}]*){quote}(?:[ \t]+#.*|[ \t]*)") for quote in "\"'"}
#: A backslash that python-dotenv decodes within quotes of each kind, and shells in part.
_DECODED = {'"': re.compile(r"""\\(?:[\\'"abfnrtv]|$)"""), "'": re.compile(r"""\\(?:[\\']|$)""")}
_MEANINGS = {
    "n": "a line break",
    "t": "a tab",
    "r": "a line break",
    "\\": "one backslash",
    "'": "a quote",
    '"': "a quote",
}
#: Opening and closing quotes of text processors.
_TYPOGRAPHIC = re.compile("[\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb].*[\u2018\u2019\u201c\u201d\u00ab\u00bb]")


@dataclass(frozen=True, slots=True)
class EnvEntry:
    """A line ``NAME=value``."""

    name: str
    value: str  # without quotes and comment
    line: int  # counted from 1
    quoted: bool = False
    comment: bool = False  # a comment stood behind a value without quotes


@dataclass(frozen=True, slots=True)
class LineProblem:
    """A problem of a line."""

    line: int  # 0 for the whole file
    problem: Problem
    name: str = ""  # the only name that is affected, if known


@dataclass(frozen=True, slots=True)
class EnvFile:
    """The content of a `.env` file."""

    label: str  # the file's name in messages
    entries: tuple[EnvEntry, ...] = ()
    problems: tuple[LineProblem, ...] = ()
    duplicates: tuple[LineProblem, ...] = ()  # a name that is written more than once
    exposed: bool = False  # whether group or others may read the file (POSIX only)

    def line(self, number: int) -> str:
        """The name of a line in messages."""
        return _line_label(self.label, number)


def read(path: Path, label: str) -> EnvFile:
    """Read the file at ``path``, which must exist; errors become problems. ``$NAME`` in a value is not expanded."""
    text = _read_text(path, label)
    if isinstance(text, LineProblem):
        return EnvFile(label, problems=(text,))
    return parse(text, label, exposed=_readable_by_others(path))


def parse(text: str, label: str, *, exposed: bool = False) -> EnvFile:
    """The entries of a `.env`'s text. ``exposed``: whether others may read its file."""
    entries: list[EnvEntry] = []
    problems: list[LineProblem] = []
    for number, line in enumerate(_LINE_END.split(text), start=1):
        try:
            if entry := _entry(line.strip(_BLANKS), number):
                entries.append(entry)
        except _Unreadable as error:
            problem = Problem(_line_label(label, number), error.what, error.fix)
            problems.append(LineProblem(number, problem, error.name))
    return EnvFile(label, tuple(entries), tuple(problems), _duplicates(entries, label), exposed)


def written(value: str) -> str | None:
    """A value as it stands in a `.env` so that it can be read in one way only; None where no form is such."""
    return next((form for form in (value, f'"{value}"', f"'{value}'") if _is_plain(form, value)), None)


def _line_label(label: str, number: int) -> str:
    return f"{label} line {number}"


def _read_text(path: Path, label: str) -> str | LineProblem:
    def problem(what: str, fix: str, line: int = 0) -> LineProblem:
        return LineProblem(line, Problem(_line_label(label, line) if line else label, f"{path} {what}", fix))

    try:
        if path.is_dir():
            return problem("is a folder", "Give the path of a file.")
        if not path.is_file() and path != Path(os.devnull):
            return problem("is not a file", "Give the path of an ordinary text file.")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        fix = f"Let the user who runs tradebot read it (chmod u+r {path})."
        return problem(f"cannot be read ({error.strerror or error})", fix)
    if len(raw) > MAX_BYTES:
        return problem(f"is larger than {MAX_BYTES:,} bytes", "Give the path of a `.env` file.")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return problem("is written in UTF-16", "Save it as UTF-8.")
    if b"\x00" in raw:
        return problem("is a binary file", "Give the path of a text file with lines like NAME=value.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = len(_LINE_END.findall(raw[: error.start].decode("latin-1"))) + 1
        return problem("is not UTF-8 text", "Save it as UTF-8.", line)


class _Unreadable(ValueError):
    """A line that cannot be read. It never quotes the line, which may hold a secret."""

    def __init__(self, what: str, fix: str, name: str = "") -> None:
        self.what = what
        self.fix = fix
        self.name = name  # what stands before the `=`, if that is a name
        super().__init__(what)


def _entry(line: str, number: int) -> EnvEntry | None:
    """The entry of a line without blanks around it; None for a comment. Raises _Unreadable."""
    if not line or line.startswith("#"):
        return None
    name, equals, value = line.partition("=")
    if not equals:
        raise _Unreadable("it has no `=`", "Write NAME=value, or begin the line with # to make it a comment.")
    name = re.sub(r"^export[ \t]+", "", name).rstrip(_BLANKS)
    if not _NAME.fullmatch(name):
        raise _Unreadable("what stands before the `=` is no name", "Write NAME=value.")
    text = value.strip(_BLANKS)
    if text[:1] in _QUOTED:
        return EnvEntry(name, _within_quotes(name, text), number, quoted=True)
    literal = _COMMENT.sub("", value, count=1).strip(_BLANKS)
    if _TYPOGRAPHIC.fullmatch(literal):
        raise _Unreadable(
            f"the value of {name} is in typographic quotes, which may be meant as quotes or as a part of it",
            'Put straight quotes around it, as in NAME="value", with the others inside if they belong to it.',
            name,
        )
    return EnvEntry(name, literal, number, comment=literal != text)


def _within_quotes(name: str, text: str) -> str:
    """The value of a text that begins with a quote. Raises _Unreadable if it could be read in two ways."""
    quote = text[0]
    other, kinds = ("'", "single") if quote == '"' else ('"', "double")
    match = _QUOTED[quote].fullmatch(text)
    if match is None:
        raise _Unreadable(
            f"the value of {name} begins with a quote, and "
            + ("none closes it on this line" if text.count(quote) == 1 else "more follows the one that closes it"),
            f"If the quote belongs to the value, put {kinds} ones around the whole; else close it at the end of the "
            "line.",
            name,
        )
    value = match[1]
    if _other_reading(text) != value:
        decoded = _DECODED[quote].search(value)
        letter = (decoded[0][1:] if decoded else "") or quote
        forms = {f"in {kinds} quotes": f"{other}{value}{other}", "without quotes": value}
        ways = [way for way, form in forms.items() if _is_plain(form, value)]
        raise _Unreadable(
            f"the value of {name} holds `\\{letter}` within quotes, which can be read as it stands or as "
            f"{_MEANINGS.get(letter, 'a control character')}",
            f"Write it {' or '.join(ways)}: there it counts as it stands."
            if ways
            else "Set it in the process environment.",
            name,
        )
    return value


def _other_reading(text: str) -> str | None:
    """The value that python-dotenv, and with it most programs that read such files, would take from a text."""
    (binding,) = parse_stream(io.StringIO(f"NAME={text}"))
    return binding.value


def _is_plain(text: str, value: str) -> bool:
    """Whether a text can be read as ``value`` only."""
    quoted = _QUOTED[text[0]].fullmatch(text) if text[:1] in _QUOTED else None
    ours = quoted[1] if quoted else _COMMENT.sub("", text, count=1).strip(_BLANKS)
    return ours == value == _other_reading(text)


def _duplicates(entries: list[EnvEntry], label: str) -> tuple[LineProblem, ...]:
    lines: dict[str, list[int]] = {}
    for entry in entries:
        lines.setdefault(entry.name, []).append(entry.line)
    return tuple(
        LineProblem(
            numbers[1],
            Problem(
                label,
                f"{name} is written more than once, in lines {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}",
                "Keep one of them.",
            ),
            name,
        )
        for name, numbers in lines.items()
        if len(numbers) > 1
    )


def _readable_by_others(path: Path) -> bool:
    return os.name == "posix" and path.is_file() and bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
