"""Every page at three widths: no word and no figure is cut, nothing is wider than the page, and text stays text."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator

import pytest
from rich.cells import cell_len

import tradebot.reports.pages
from tests.reports.conftest import Terminal
from tests.reports.samples import Samples
from tradebot.core.model.texts import visible
from tradebot.reports.field_types import types_of
from tradebot.reports.layout import Block, Cell, Facts, Heading, Line, Page, Table
from tradebot.reports.terminal import draw


def page_functions() -> Iterator[Callable[..., Page]]:
    """The public functions of reports/pages that make a page or a part of one."""
    for module in pkgutil.iter_modules(tradebot.reports.pages.__path__, f"{tradebot.reports.pages.__name__}."):
        members = vars(importlib.import_module(module.name))
        for name, member in members.items():
            is_own = inspect.isfunction(member) and member.__module__ == module.name and not name.startswith("_")
            if is_own and types_of(member).get("return") == Page:
                yield member


PAGES = list(page_functions())


def sample(function: Callable[..., Page], *, full: bool) -> Page:
    samples = Samples(full=full)
    hints = types_of(function)
    positional, named = [], {}
    for name, parameter in inspect.signature(function).parameters.items():
        match parameter.kind:
            case inspect.Parameter.KEYWORD_ONLY:
                named[name] = samples.of(hints[name], name)
            case inspect.Parameter.VAR_POSITIONAL:
                positional += [samples.of(hints[name], name) for _ in range(2 if full else 0)]
            case _:
                positional.append(samples.of(hints[name], name))
    return function(*positional, **named)


def texts(page: tuple[Block, ...]) -> Iterator[str | Cell]:
    """Every text of a page, save those of columns that may be left out."""
    for block in page:
        match block:
            case Heading(text) | Line(text):
                yield text
            case Facts(pairs):
                for name, value in pairs:
                    yield from (name, value)
            case Table(columns, rows):
                for at, column in enumerate(columns):
                    values = [row[at] for row in rows if row[at] not in ("", Cell(""))]
                    if values and not column.optional:
                        yield from (column.name, *values)


@pytest.mark.parametrize("width", [60, 80, 140])
@pytest.mark.parametrize("full", [True, False], ids=["full", "empty"])
@pytest.mark.parametrize("function", PAGES, ids=lambda each: f"{each.__module__.rpartition('.')[2]}.{each.__name__}")
def test_it_reads_well(function: Callable[..., Page], full: bool, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    page = sample(function, full=full)
    drawn = re.sub(r"\x1b\[[0-9;]*m", "", draw(page, Terminal()))
    assert drawn.replace("\n", "").isprintable()
    shown = set(drawn.split())
    whole = {visible(text.text) for text in texts(page) if isinstance(text, Cell) and text.whole}
    for text in texts(page):
        words = visible(text if isinstance(text, str) else text.text).split()
        assert set(words) <= shown, "a word is cut, or left out"
    for line in drawn.splitlines():
        ends_in_a_long_word = cell_len((line.split() or [""])[-1]) > width // 2
        fits = cell_len(line) <= width or any(line.endswith(text) for text in whole) or ends_in_a_long_word
        assert fits, line


def test_there_are_pages() -> None:
    assert len(PAGES) > 20
