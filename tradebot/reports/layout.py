"""The structure of a page: headings, lines, facts and tables. `terminal` draws it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """The emphasis of a text. A colour repeats what the words say and adds nothing."""

    PLAIN = "plain"
    STRONG = "strong"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a table or of facts."""

    text: str
    tone: Tone = Tone.PLAIN
    whole: bool = False  # never wrapped, in facts: a path or a command, to be copied
    address: str = ""  # of the page that a table of a page in a browser links it to


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of a section, with an empty line before it."""

    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, wrapped at the width of the page."""

    text: str
    tone: Tone = Tone.PLAIN
    under: bool = False  # indented as a detail of the line before it


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values, one pair per line."""

    pairs: tuple[tuple[str, str | Cell], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a table's column, and how its values are set."""

    name: str
    right: bool = False  # aligned right, for numbers
    wraps: bool = False  # takes the remaining width and wraps, for sentences
    optional: bool = False  # left out where the page is too narrow for it


@dataclass(frozen=True, slots=True)
class Table:
    """A table. Each row has a value for each column. Where it is too wide for the page, each row becomes facts.

    In a column that wraps, a value with a word wider than the column stands under its row.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str | Cell, ...], ...]


_MARKS = ">~?"

Block = Heading | Line | Facts | Table
Page = tuple[Block, ...]


def columns(names: str) -> tuple[Column, ...]:
    """Columns from names separated by ``|``, each with its marks before it.

    ``>`` aligns a column right, ``~`` lets it wrap, ``?`` leaves it out where the page is too narrow.
    """
    return tuple(_column(name.strip()) for name in names.split("|"))


def _column(marked: str) -> Column:
    name = marked.lstrip(_MARKS)
    marks = marked[: len(marked) - len(name)]
    return Column(name, ">" in marks, "~" in marks, "?" in marks)


def section(title: str, *blocks: Block) -> Page:
    """A heading with its blocks; empty without blocks."""
    return (Heading(title), *blocks) if blocks else ()


def table(names: str, rows: Iterable[tuple[str | Cell, ...]]) -> tuple[Table, ...]:
    """A table; empty without rows. ``names`` as in ``columns``."""
    all_rows = tuple(rows)
    return (Table(columns(names), all_rows),) if all_rows else ()


def lines(texts: Iterable[str], tone: Tone = Tone.PLAIN) -> tuple[Line, ...]:
    """A line for each text, all in the same tone."""
    return tuple(Line(text, tone) for text in texts)
