"""The pages of trades, fills, positions and orders."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.reports.conftest import NOON, SESSION, Terminal
from tradebot.core.model.orders import Side
from tradebot.core.results.listings import FillLine, Listing, Selection
from tradebot.reports.layout import Page
from tradebot.reports.pages.listings import fills_page
from tradebot.reports.terminal import draw

FILL = FillLine(
    NOON, SESSION, "BRK.B", Side.SELL, Decimal("1250.5"), Decimal("3210.4575"), Decimal("3211.10"), Decimal("1.25"),
    "a_strategy_with_the_longest_of_names_yet", "F1", "an id",
)  # fmt: skip


@pytest.fixture(params=[60, 80, 140])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


def seen(page: Page) -> list[str]:
    """The lines of a page on a terminal, without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", draw(page, Terminal())).splitlines()


def test_a_fill_is_one_line_without_a_cut_figure(width: int) -> None:
    page = fills_page(Listing(Selection(), (FILL, replace(FILL, planned_price=None)), more=True))
    _, title, names, _, first, second, more = seen(page)
    assert title == "Fills, New York time"
    words = first.split()
    assert words[:6] == ["2007-01-03", "12:00", "BRK.B", "sell", "1250.5", "3210.4575"]
    assert ("strategy" in names) == (FILL.strategy in first) == (width == 140)
    assert "planned" not in names or "3211.10" in first
    assert len(first) <= width
    assert "…" not in first
    assert more == "  These are the newest 2. --limit 10 shows more."
    assert second


def test_a_listing_of_nothing_says_so(width: int) -> None:
    assert seen(fills_page(Listing(Selection(), (), notes=("no fill yet",))))[-1] == "  no fill yet"
