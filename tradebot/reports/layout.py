"""What a report looks like before it is drawn: headings, lines, facts and tables, and nothing about terminals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """How a piece of text is meant. Colour only repeats what its words say already."""

    PLAIN = "plain"
    STRONG = "strong"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    tone: Tone = Tone.PLAIN
    under: bool = False  # stands indented under the line before it


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values, one pair a line."""

    pairs: tuple[tuple[str, str | Cell], ...]


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    right: bool = False  # numbers stand to the right
    wraps: bool = False  # sentences take the width that is left, in several lines if need be


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[Column, ...]
    rows: tuple[tuple[str | Cell, ...], ...]


Block = Heading | Line | Facts | Table
Page = tuple[Block, ...]


def columns(names: str) -> tuple[Column, ...]:
    """Columns from their names, separated by ``|``; ``>`` before a name stands it to the right, ``~`` lets it wrap."""
    marked = [name.strip() for name in names.split("|")]
    return tuple(Column(name.lstrip(">~"), name.startswith(">"), name.startswith("~")) for name in marked)


def section(title: str, *blocks: Block) -> Page:
    """A heading with its blocks, or nothing at all when there is nothing under it."""
    return (Heading(title), *blocks) if blocks else ()


def table(names: str, rows: Iterable[tuple[str | Cell, ...]]) -> tuple[Table, ...]:
    """A table, or nothing when it would have no row. ``names`` as for ``columns``."""
    made = tuple(rows)
    return (Table(columns(names), made),) if made else ()


def lines(texts: Iterable[str], tone: Tone = Tone.PLAIN) -> tuple[Line, ...]:
    return tuple(Line(text, tone) for text in texts)
