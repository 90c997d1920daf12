"""Draws a page: coloured on a terminal, plain text of fixed width in a log or a pipe."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from operator import not_
from typing import TextIO

from rich.box import SIMPLE_HEAD, Box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from tradebot.core.model.texts import visible
from tradebot.reports.layout import Block, Cell, Column, Facts, Heading, Line, Table, Tone

#: Characters per line where the output is not a terminal.
LOG_WIDTH = 100

_STYLES = {
    Tone.PLAIN: "",
    Tone.STRONG: "bold",
    Tone.GOOD: "green",
    Tone.WARN: "yellow",
    Tone.BAD: "bold red",
    Tone.QUIET: "dim",
}
#: A table with a line of hyphens under its head and no other rules, in ASCII for logs, mails and pagers.
_HYPHENS = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
#: Characters before a line, before a line under another one, and between two columns.
_INDENT = 2
_UNDER = 4
_BETWEEN = 2
#: A column that wraps is at least so wide, if its texts are: below it a sentence is read word by word.
_LEAST_WRAPPED = 16
#: The longest word that a column that wraps is made wide enough for: first try, second try. A cell with a longer
#: one, such as a path, stands under its row.
_WHOLE_WORDS = (40, _LEAST_WRAPPED)
#: A word with the space before and after it.
_WORDS = re.compile(r"\s*\S+\s*")


def draw(blocks: Iterable[Block], stream: TextIO) -> str:
    """The page as text for ``stream``: coloured and as wide as a terminal, else plain and LOG_WIDTH wide."""
    terminal = stream.isatty()
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        width=Console(file=stream).width if terminal else LOG_WIDTH,
        force_terminal=terminal,
        color_system="auto" if terminal else None,
        markup=False,
        highlight=False,
        emoji=False,
    )
    for block in blocks:
        _draw(console, block, SIMPLE_HEAD if terminal else _HYPHENS)
    return "\n".join(line.rstrip() for line in buffer.getvalue().split("\n"))


def _draw(console: Console, block: Block, box: Box) -> None:
    match block:
        case Heading(text):
            console.print()
            _print(console, Text(visible(text), "bold"))
        case Line(text, tone, under):
            _print(console, Text(visible(text), _STYLES[tone]), indent=_UNDER if under else _INDENT)
        case Facts(pairs):
            _draw_facts(console, pairs)
        case Table():
            _draw_table(console, block, box)


def _print(console: Console, text: Text, first: str = "", indent: int = 0) -> None:
    """Print a text wrapped between words; a word stays whole, however long it is.

    ``first``: what stands before it on its first line, in the ``indent`` characters that the others are indented by.
    """
    for number, line in enumerate(_wrapped(text.plain, console.width - indent)):
        lead = first if first and not number else " " * indent
        console.print(Text.assemble((lead, "dim"), (line, text.style)), soft_wrap=True)


def _wrapped(text: str, width: int) -> Iterator[str]:
    """The lines of a text, each as wide as ``width`` or a single word."""
    for line in text.split("\n"):
        taken = ""
        for word in _WORDS.findall(line):
            if taken and cell_len(taken + word.rstrip()) > width:
                yield taken.rstrip()
                taken = word.lstrip()
            else:
                taken += word
        yield taken.rstrip()


def _draw_facts(console: Console, pairs: Sequence[tuple[str, str | Cell]]) -> None:
    names = [visible(name) for name, _ in pairs]
    width = min(max(map(cell_len, names), default=0), console.width // 2)
    for name, (_, value) in zip(names, pairs, strict=True):
        lead = f"{' ' * _INDENT}{name}{' ' * (width - cell_len(name))}{' ' * _BETWEEN}"
        text = _text(value)
        if isinstance(value, Cell) and value.whole:
            console.print(Text.assemble((lead, "dim"), text), soft_wrap=True)
        else:
            _print(console, text, first=lead, indent=_INDENT + width + _BETWEEN)


def _draw_table(console: Console, table: Table, box: Box) -> None:
    room = console.width - _INDENT
    for whole in _WHOLE_WORDS:
        sizes = [_sizes(column, [row[at] for row in table.rows], whole) for at, column in enumerate(table.columns)]
        if (shown := _fitting(table.columns, sizes, room)) is not None:
            break
    else:
        _draw_records(console, table)
        return
    columns = [table.columns[at] for at in shown]
    widths = _widths(columns, [sizes[at] for at in shown], room)
    drawn = _empty(columns, widths, box)
    for row in table.rows:
        texts = [_cell_text(table.columns[at], row[at]) for at in shown]
        fits = [_longest_word(text.plain) <= width for text, width in zip(texts, widths, strict=True)]
        drawn.add_row(*(text if is_fit else Text() for text, is_fit in zip(texts, fits, strict=True)))
        if not all(fits):
            console.print(Padding(drawn, (0, 0, 0, _INDENT)))
            for text in compress(texts, map(not_, fits)):
                _print(console, text, indent=_UNDER)
            drawn = _empty(columns, widths, box, is_begun=True)
    if drawn.row_count or drawn.show_header:
        console.print(Padding(drawn, (0, 0, 0, _INDENT)))


def _empty(columns: Sequence[Column], widths: Sequence[int], box: Box, *, is_begun: bool = False) -> RichTable:
    """A table without rows; without its head, too, where it ``is_begun`` above."""
    drawn = RichTable(
        box=box, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold", show_header=not is_begun
    )
    for column, width in zip(columns, widths, strict=True):
        drawn.add_column(
            column.name,
            justify="right" if column.right else "left",
            no_wrap=not column.wraps,
            width=width,
            overflow="fold",
        )
    return drawn


def _draw_records(console: Console, table: Table) -> None:
    """The rows of a table that is too wide for the page, each as facts, without its empty values."""
    for number, row in enumerate(table.rows):
        if number:
            console.print()
        named = zip((column.name for column in table.columns), row, strict=True)
        _draw_facts(console, [(name, value) for name, value in named if _text(value).plain])


def _fitting(columns: Sequence[Column], sizes: Sequence[tuple[int, int]], room: int) -> list[int] | None:
    """The columns that fit: of the optional ones the first that do. None where the others do not fit."""
    needed = [least + _BETWEEN for least, _ in sizes]
    free = room + _BETWEEN - sum(each for each, column in zip(needed, columns, strict=True) if not column.optional)
    if free < 0:
        return None
    shown = []
    for at, column in enumerate(columns):
        if column.optional:
            if needed[at] > free:
                continue
            free -= needed[at]
        shown.append(at)
    return shown


def _widths(columns: Sequence[Column], sizes: Sequence[tuple[int, int]], room: int) -> list[int]:
    """The width of each column: what is left goes to those that wrap, the one that lacks least first."""
    widths = [least for least, _ in sizes]
    free = room - sum(widths) - _BETWEEN * (len(widths) - 1)
    wrapping = sorted((at for at, column in enumerate(columns) if column.wraps), key=lambda at: sizes[at][1])
    for number, at in enumerate(wrapping):
        wanted = sizes[at][1] - widths[at]
        given = min(wanted, free // (len(wrapping) - number))
        widths[at] += given
        free -= given
    return widths


def _sizes(column: Column, cells: Sequence[str | Cell], whole_words: int) -> tuple[int, int]:
    """The width below which a column has no room for a word or wraps too often, and at which it wraps nothing.

    A word longer than ``whole_words`` needs no room.
    """
    texts = [column.name, *(_cell_text(column, cell).plain for cell in cells)]
    whole = max((cell_len(line) for text in texts for line in text.split("\n")), default=0)
    if not column.wraps:
        return whole, whole
    longest = max(map(_longest_word, texts), default=0)
    return max(min(longest, whole_words), min(whole, _LEAST_WRAPPED)), whole


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)


def _cell_text(column: Column, value: str | Cell) -> Text:
    """The text of a cell: on one line, unless its column wraps."""
    text = _text(value)
    return text if column.wraps or "\n" not in text.plain else Text(" ".join(text.plain.split("\n")), text.style)


def _text(value: str | Cell) -> Text:
    return Text(visible(value)) if isinstance(value, str) else Text(visible(value.text), _STYLES[value.tone])
