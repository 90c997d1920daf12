"""Lines over time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.reports.charts.svg import drawn, named, points, texts
from tradebot.reports.charts.line_chart import UNITS, LineChart, Series, line_chart

START = date(2024, 1, 1)


def series(*values: float | None, name: str = "account") -> Series:
    return Series(name, tuple((START + timedelta(days=number), value) for number, value in enumerate(values)))


def test_a_line_goes_through_the_values() -> None:
    chart = drawn(line_chart(LineChart("key", "Title", "Words.", (series(100, 150, 120, 200),))))
    (line,) = named(chart, "line")
    assert points(line) == [[(0, UNITS), (1, UNITS / 2), (2, 0.8 * UNITS), (3, 0)]]
    (plot,) = named(chart, "plot")
    assert plot.get("viewBox") == f"0 0 3 {UNITS}"
    assert texts(chart, "mark") == ["100", "120", "140", "160", "180", "200", "1 Jan", "2 Jan", "3 Jan", "4 Jan"]


def test_a_gap_interrupts_the_line_and_a_single_value_is_a_dot() -> None:
    chart = drawn(line_chart(LineChart("key", "Title", "Words.", (series(1, 2, None, 2, None, 1, 1),))))
    (line,) = named(chart, "line")
    assert [len(stretch) for stretch in points(line)] == [2, 1, 2]
    assert "h0" in line.get("d", "")


def test_several_series_have_a_legend_and_share_a_scale() -> None:
    both = (series(100, 200), series(None, 300, name="S&P <500>"))
    chart = drawn(line_chart(LineChart("key", "Title", "Words.", both)))
    assert texts(chart, "legend") == ["account", "S&P <500>"]
    drawn_last = named(chart, "plot")[0][-1]
    assert drawn_last.get("class") == "line s1", "the strongest line lies over the others"
    assert points(drawn_last) == [[(0, UNITS), (1, UNITS / 2)]]
    assert not texts(drawn(line_chart(LineChart("key", "Title", "Words.", both[:1]))), "legend")


def test_an_area_reaches_to_zero() -> None:
    chart = drawn(line_chart(LineChart("key", "Title", "Words.", (series(-0.1, -0.2),), filled=True)))
    (area,) = named(chart, "area")
    assert area.get("d") == f"M0 {UNITS // 2}l1 {UNITS // 2}V0H0Z"
    assert len(named(chart, "zero")) == 1


@pytest.mark.parametrize("values", [(), (None,), (5.0,), (None, None)])
def test_little_or_nothing_to_draw_is_a_chart_all_the_same(values: tuple[float | None, ...]) -> None:
    chart = drawn(line_chart(LineChart("key", "Title", "Words.", (series(*values),))))
    assert [len(stretch) for stretch in points(named(chart, "line")[0])] == [1] * sum(v is not None for v in values)


def test_the_values_are_marked_as_told() -> None:
    chart = drawn(line_chart(LineChart("key", "T", "W.", (series(0, 1),), lambda value: f"{value * 100:g}%")))
    assert texts(chart, "mark")[:6] == ["0%", "20%", "40%", "60%", "80%", "100%"]
