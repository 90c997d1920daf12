"""Horizontal bars."""

from __future__ import annotations

import pytest

from tests.reports.charts.svg import Element, drawn, named, texts
from tradebot.reports.charts.bar_chart import Bar, BarChart, bar_chart


def spans(chart: Element) -> list[tuple[float, float]]:
    """Begin and end of each bar, in percent of the width."""
    places = [
        (float(bar.get("x", "").rstrip("%")), float(bar.get("width", "").rstrip("%"))) for bar in named(chart, "bar")
    ]
    return [(begin, begin + width) for begin, width in places]


def test_bars_reach_from_zero_to_their_values() -> None:
    bars = (Bar("fees <a>", 30.0, "30.00"), Bar("slippage", -10.0, "-10.00", is_bad=True), Bar("nothing", 0.0, "0.00"))
    chart = drawn(bar_chart(BarChart("key", "T", "W.", bars)))
    assert spans(chart) == [(25, 100), (0, 25), (25, 25)]
    assert texts(chart, "legend") == ["fees <a>", "30.00", "slippage", "-10.00", "nothing", "0.00"]
    assert [bar.get("class") for bar in named(chart, "bar")] == ["bar", "bar bad", "bar"]


def test_a_limit_is_marked_within_the_width() -> None:
    bars = (Bar("loss", 0.5, "50%"), Bar("exposure", 1.25, "125%", is_bad=True))
    chart = drawn(bar_chart(BarChart("key", "T", "W.", bars, limit=1.0)))
    assert spans(chart) == [(0, 40), (0, 100)]
    assert {line.get("x1") for line in named(chart, "limit")} == {"80%"}
    assert named(chart, "bar")[1].get("class") == "bar bad"


def test_a_long_name_leaves_room_for_the_value() -> None:
    chart = drawn(bar_chart(BarChart("key", "T", "W.", (Bar("a" * 60, 1.0, "1.00"),))))
    assert texts(chart, "legend") == ["a" * 29 + "…", "1.00"]
    assert named(chart, "bar")[0][0].text == "a" * 60 + ": 1.00"


@pytest.mark.parametrize("bars", [(), (Bar("a", 0.0, "0"),)])
def test_nothing_to_draw_is_a_chart_all_the_same(bars: tuple[Bar, ...]) -> None:
    assert spans(drawn(bar_chart(BarChart("key", "T", "W.", bars)))) == [(0, 0)] * len(bars)
