"""The structure of an HTML report, and how it becomes a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tradebot.home.output_files import Kind
from tradebot.reports.charts.markup import Markup
from tradebot.reports.html_report.rendering import render, style_sheet
from tradebot.reports.layout import Block, Cell, Table

_GENERATOR = '<meta name="generator" content="tradebot report">'
#: The files that ``report --html`` writes.
HTML_REPORT = Kind("an HTML report", lambda head: _GENERATOR.encode() in head)


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
    return render("report.html", hide, document=document, css=Markup(style_sheet()), generator=Markup(_GENERATOR))
