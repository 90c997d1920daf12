"""The structure of an HTML report, and how it becomes a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources

from tradebot.core.model.texts import visible
from tradebot.home.output_files import Kind
from tradebot.reports.charts.markup import Markup
from tradebot.reports.charts.style import style_sheet
from tradebot.reports.layout import Block, Cell, Column, Table, Tone

_GENERATOR = '<meta name="generator" content="tradebot report">'
#: The files that ``report --html`` writes.
HTML_REPORT = Kind("an HTML report", lambda head: _GENERATOR.encode() in head)
#: Letters beyond which a text of a table may wrap.
_LONG = 24


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart and what it shows in words, with its numbers unless the section that it begins has them."""

    title: str
    chart: Markup
    caption: str
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page with a title of its own."""

    title: str
    blocks: tuple[Block | Figure, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """An HTML report."""

    title: str
    subtitle: str
    warnings: tuple[str, ...]  # what needs somebody, first on the page
    highlights: tuple[tuple[str, Cell], ...]  # names with their figures
    sections: tuple[Section, ...]


def html_text(document: Document, hide: Callable[[str], str]) -> str:
    """The document as HTML. ``hide`` masks what must not leave the machine, in every text before it is escaped."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # only this command needs it

    def masked(value: object) -> object:
        if hasattr(value, "__html__") or not isinstance(value, str):
            return value
        return visible(hide(value))

    environment = Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=masked,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["whole_dates"] = lambda text: _whole_dates(str(masked(text)))
    environment.filters["breakable"] = lambda text: _breakable(str(masked(text))) if "_" in text else text
    return environment.get_template("report.html").render(
        document=document,
        css=Markup(_resource("report.css") + style_sheet()),
        generator=Markup(_GENERATOR),
        kind=lambda block: type(block).__name__,
        cells=_cells,
        toned=_toned,
    )


def _cells(columns: Sequence[Column], row: Sequence[str | Cell] | None = None) -> Iterator[tuple[str, Markup]]:
    """The text and the class attribute of each cell of a row; of the head without a row."""
    for column, value in zip(columns, row or [column.name for column in columns], strict=True):
        text, tone = _parts(value)
        wraps = column.wraps or (not column.right and len(text) > _LONG)
        yield text, _classes("right" if column.right else "", "wraps" if wraps else "", tone)


def _toned(value: str | Cell) -> tuple[str, Markup]:
    """A text with the class attribute of its tone."""
    text, tone = _parts(value)
    return text, _classes(tone)


def _parts(value: str | Cell) -> tuple[str, str]:
    if isinstance(value, str):
        return value, ""
    return value.text, "" if value.tone is Tone.PLAIN else value.tone.value


@cache
def _classes(*names: str) -> Markup:
    found = " ".join(filter(None, names))
    return Markup(f' class="{found}"' if found else "")


def _whole_dates(text: str) -> Markup:
    """The text escaped, without line breaks within its dates."""
    return Markup(re.sub(r"\b\d{4}-\d\d-\d\d\b", r'<span class="whole">\g<0></span>', escape(text)))


def _breakable(text: str) -> Markup:
    """The text escaped, with leave to break lines behind ``_``: names of strategies have no blanks."""
    return Markup(escape(text).replace("_", "_<wbr>"))


def _resource(name: str) -> str:
    return resources.files("tradebot.reports.html_report").joinpath(name).read_text(encoding="utf-8")
