"""Blocks of a page as HTML: the templates of the HTML report, which other pages use too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

from tradebot.core.model.texts import visible
from tradebot.reports.charts import style as charts
from tradebot.reports.charts.markup import Markup
from tradebot.reports.layout import Cell, Column, Tone

if TYPE_CHECKING:
    from jinja2 import Environment

_PACKAGE = "tradebot.reports.html_report"
#: Letters beyond which a text of a table may wrap.
_LONG = 24


def render(template: str, hide: Callable[[str], str], **values: object) -> str:
    """A template of the report as HTML. ``hide`` masks every text of ``values`` before it is escaped."""
    return environment(hide).get_template(template).render(**values)


def environment(hide: Callable[[str], str], *packages: str) -> Environment:
    """The templates of the packages, then those of the report, with what they call. Every value is escaped.

    ``hide`` masks what must not be shown, in every text before it is escaped.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # only commands that write HTML need it

    def masked(value: object) -> object:
        if hasattr(value, "__html__") or not isinstance(value, str):
            return value
        return visible(hide(value))

    made = Environment(
        loader=FunctionLoader(lambda name: _source(name, *packages, _PACKAGE)),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=masked,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["prose"] = lambda text: _prose(str(masked(text)))
    made.filters["breakable"] = lambda text: _breakable(str(masked(text))) if "_" in text else text
    made.globals.update(kind=lambda block: type(block).__name__, cells=_cells, toned=_toned)
    return made


def style_sheet() -> str:
    """The CSS of the blocks and of their charts."""
    return resources.files(_PACKAGE).joinpath("report.css").read_text(encoding="utf-8") + charts.style_sheet()


def _cells(columns: Sequence[Column], row: Sequence[str | Cell] | None = None) -> Iterator[tuple[str, Markup, str]]:
    """The text, the class attribute and the link's address of each cell of a row; of the head without a row."""
    for column, value in zip(columns, row or [column.name for column in columns], strict=True):
        text, tone = _parts(value)
        wraps = column.wraps or (not column.right and len(text) > _LONG)
        address = value.address if isinstance(value, Cell) else ""
        yield text, _classes("right" if column.right else "", "wraps" if wraps else "", tone), address


def _toned(value: str | Cell) -> tuple[str, Markup]:
    """A text with the class attribute of its tone."""
    text, tone = _parts(value)
    return text, _classes(tone)


def _parts(value: str | Cell) -> tuple[str, str]:
    if isinstance(value, str):
        return value, ""
    tone = "" if value.tone is Tone.PLAIN else value.tone.value
    return value.text, f"{tone} command".lstrip() if value.whole else tone


@cache
def _classes(*names: str) -> Markup:
    found = " ".join(filter(None, names))
    return Markup(f' class="{found}"' if found else "")


def _prose(text: str) -> Markup:
    """The text escaped, without line breaks within its dates, and what stands between backticks set as code."""
    whole = re.sub(r"\b\d{4}-\d\d-\d\d\b", r'<span class="whole">\g<0></span>', escape(text))
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", whole))


def _breakable(text: str) -> Markup:
    """The text escaped, with leave to break lines behind ``_``: names of strategies have no blanks."""
    return Markup(escape(text).replace("_", "_<wbr>"))


def _source(name: str, *packages: str) -> str | None:
    """The text of a template: of the first package that has it."""
    files = (resources.files(package).joinpath(name) for package in packages)
    return next((file.read_text(encoding="utf-8") for file in files if file.is_file()), None)
