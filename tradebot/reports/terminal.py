"""Draws a page: coloured on a terminal, plain text of fixed width in a log or a pipe."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TextIO

from rich.box import SIMPLE_HEAD, Box
from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

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
_INDENT = "  "
#: Characters between two columns of a table.
_BETWEEN = 2
_INDENT_LINE = (0, 0, 0, len(_INDENT))
_INDENT_DETAIL = (0, 0, 0, 4)


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
            console.print(Text(text, "bold"))
        case Line(text, tone, under):
            console.print(Padding(Text(text, _STYLES[tone]), _INDENT_DETAIL if under else _INDENT_LINE))
        case Facts(pairs):
            width = max(len(name) for name, _ in pairs)
            for name, value in pairs:
                fact = Text.assemble("  ", (name.ljust(width), "dim"), "  ", _text(value))
                console.print(fact, soft_wrap=True)  # a long path stays on one line
        case Table():
            columns, rows = _fitting(block, console.width - len(_INDENT))
            rich_table = RichTable(box=box, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold")
            for column in columns:
                rich_table.add_column(
                    column.name,
                    justify="right" if column.right else "left",
                    no_wrap=not column.wraps,
                    overflow="fold" if column.wraps else "ellipsis",
                )
            for row in rows:
                rich_table.add_row(*map(_text, row))
            console.print(Padding(rich_table, _INDENT_LINE))


def _fitting(table: Table, width: int) -> tuple[list[Column], list[tuple[str | Cell, ...]]]:
    """The columns and rows of a table that fit into a width: of the optional columns the first ones that do."""
    widths = [_least_width(column, [row[at] for row in table.rows]) for at, column in enumerate(table.columns)]
    needed = [least + _BETWEEN for least in widths]
    free = (
        width + _BETWEEN - sum(each for each, column in zip(needed, table.columns, strict=True) if not column.optional)
    )
    shown = []
    for at, column in enumerate(table.columns):
        if column.optional:
            if needed[at] > free:
                continue
            free -= needed[at]
        shown.append(at)
    return [table.columns[at] for at in shown], [tuple(row[at] for at in shown) for row in table.rows]


def _least_width(column: Column, cells: list[str | Cell]) -> int:
    """The width below which a column breaks a word or loses a letter."""
    texts = [column.name, *(_text(cell).plain for cell in cells)]
    words = (word for text in texts for word in text.split()) if column.wraps else texts
    return max(map(cell_len, words), default=0)


def _text(value: str | Cell) -> Text:
    return Text(value) if isinstance(value, str) else Text(value.text, _STYLES[value.tone])
