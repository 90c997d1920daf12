"""Draws a page: coloured on a terminal, plain text of fixed width in a log or a pipe."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TextIO

from rich.box import SIMPLE_HEAD, Box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from tradebot.reports.layout import Block, Cell, Facts, Heading, Line, Table, Tone

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
_INDENT_LINE = (0, 0, 0, 2)
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
        case Table(columns, rows):
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


def _text(value: str | Cell) -> Text:
    return Text(value) if isinstance(value, str) else Text(value.text, _STYLES[value.tone])
