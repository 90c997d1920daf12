"""Heat maps."""

from __future__ import annotations

import pytest

from tests.reports.charts.svg import drawn, named, texts
from tradebot.reports.charts.heat_map import HeatMap, heat_map, shade


def test_each_value_has_its_cell_with_its_text_shade_and_place() -> None:
    rows = (("2023", (0.01, None, -0.2)), ("2024", (None, 0.0, 0.06)))
    chart = drawn(
        heat_map(HeatMap("key", "T", "W.", ("Jan", "Feb", "Mar"), rows, 0.08, "{:.1%}".format, "{:.0%}".format))
    )
    assert texts(chart, "mark", "long") == ["Jan", "Feb", "Mar"]
    assert texts(chart, "mark", "short") == ["J", "F", "M"]
    cells = {}
    for cell in named(chart, "cell"):
        title, rect, long, short = list(cell)
        cells[title.text] = (cell.get("class"), rect.get("x"), rect.get("y"), long.text, short.text)
    assert cells == {
        "2023 Jan: 1.0%": ("cell gain-1", "0%", "22", "1.0%", "1%"),
        "2023 Mar: -20.0%": ("cell loss-4", "66.667%", "22", "-20.0%", "-20%"),
        "2024 Feb: 0.0%": ("cell flat", "33.333%", "50", "0.0%", "0%"),
        "2024 Mar: 6.0%": ("cell gain-4", "66.667%", "50", "6.0%", "6%"),
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.001, "gain-1"), (0.02, "gain-2"), (0.0399, "gain-2"), (0.9, "gain-4"), (-0.001, "loss-1"), (-0.05, "loss-3")],
)
def test_shades_grow_with_the_value(value: float, expected: str) -> None:
    assert shade(value, 0.08) == expected


def test_without_a_measure_every_shade_is_the_strongest() -> None:
    assert (shade(0.1, 0), shade(0.0, 0)) == ("gain-4", "flat")
