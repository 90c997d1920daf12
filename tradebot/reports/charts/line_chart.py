"""Lines over time: one or several series of daily values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from tradebot.reports.charts.markup import Markup, element, percent, picture
from tradebot.reports.charts.scale import Scale, compact, date_marks, scale, thinned

#: Points of a line; a chart on paper is about as many dots wide.
MOST_POINTS = 3_000
#: Units of the nested viewport from the low to the high end. Heights are whole numbers of them.
UNITS = 2_000
_PLOT_HEIGHT, _LEGEND_LINE, _DATES = 210, 20, 26


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one line by date, in order. None interrupts the line."""

    name: str
    values: tuple[tuple[date, float | None], ...]


@dataclass(frozen=True, slots=True)
class LineChart:
    """What a chart shows. The first series is the strongest line; the others are dashed differently."""

    key: str
    title: str
    description: str
    series: tuple[Series, ...]
    label: Callable[[float], str] = compact  # a mark of the value axis as text
    filled: bool = False  # fill between the first line and zero; zero is then within the scale


def line_chart(chart: LineChart) -> Markup:
    """The chart as SVG. Without a single value it has axes alone."""
    known = [value for series in chart.series for _, value in series.values if value is not None]
    heights = scale([*known, 0.0] if chart.filled and known else known)
    days = [day for series in chart.series for day, _ in series.values]
    first, last = (min(days), max(days)) if days else (date(2000, 1, 1), date(2000, 1, 2))
    legend = chart.series if len(chart.series) > 1 else ()
    top = _LEGEND_LINE * len(legend) + 8
    return picture(
        chart.key,
        chart.title,
        chart.description,
        top + _PLOT_HEIGHT + _DATES,
        *_legend(legend),
        *_value_axis(heights, top, chart.label),
        *(_date_axis(first, last, top + _PLOT_HEIGHT) if days else ()),
        _plot(chart, heights, first, max(1, (last - first).days), top),
    )


def _plot(chart: LineChart, heights: Scale, first: date, width: int, top: float) -> Markup:
    """The lines in a viewport of their own, which is stretched to the width: a unit is a day."""
    paths = []
    for number, series in enumerate(chart.series, start=1):
        points = thinned([((day - first).days, value) for day, value in series.values], MOST_POINTS)
        if chart.filled and number == 1:
            zero = _height(heights, 0.0)
            paths.append(element("path", class_="area", d=" ".join(_areas(points, heights, zero))))
        lines = " ".join(_line(run, heights) for run in _runs(points))
        paths.append(
            element("path", element("title", series.name), class_=f"line s{number}", d=lines,
                    vector_effect="non-scaling-stroke")
        )  # fmt: skip
    # The strongest line is drawn last, over the others.
    return element(
        "svg", *paths[::-1], class_="plot", y=top, width="100%", height=_PLOT_HEIGHT,
        viewBox=f"0 0 {width} {UNITS}", preserveAspectRatio="none",
    )  # fmt: skip


def _runs(points: Iterable[tuple[int, float | None]]) -> list[list[tuple[int, float]]]:
    """The stretches without a gap."""
    runs: list[list[tuple[int, float]]] = [[]]
    for day, value in points:
        if value is not None:
            runs[-1].append((day, value))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _line(run: Sequence[tuple[int, float]], heights: Scale) -> str:
    """``M0 12l1 3 1-6``: a start, then steps to the right and down, which are shorter than places.

    A single point becomes a dot by the round ends of the line.
    """
    places = [(day, _height(heights, value)) for day, value in run]
    steps = " ".join(
        f"{right - left}{'' if lower < upper else ' '}{lower - upper}"
        for (left, upper), (right, lower) in pairwise(places)
    )
    return f"M{places[0][0]} {places[0][1]}{f'l{steps}' if steps else 'h0'}"


def _areas(points: Iterable[tuple[int, float | None]], heights: Scale, zero: int) -> Iterable[str]:
    for run in _runs(points):
        yield f"{_line(run, heights)}V{zero}H{run[0][0]}Z"


def _height(heights: Scale, value: float) -> int:
    return round((1 - heights.fraction(value)) * UNITS)


def _legend(series: Sequence[Series]) -> Iterable[Markup]:
    for number, each in enumerate(series, start=1):
        middle = _LEGEND_LINE * number - 10
        yield element("line", class_=f"line s{number}", x1=0, x2=26, y1=middle, y2=middle)
        yield element("text", each.name, class_="legend", x=34, y=middle + 4)


def _value_axis(heights: Scale, top: float, label: Callable[[float], str]) -> Iterable[Markup]:
    for mark in heights.marks:
        y = round(top + (1 - heights.fraction(mark)) * _PLOT_HEIGHT, 1)
        yield element("line", class_="grid zero" if mark == 0 else "grid", x1=0, x2="100%", y1=y, y2=y)
        yield element("text", label(mark), class_="mark", x=-8, y=y + 4, text_anchor="end")


def _date_axis(first: date, last: date, y: float) -> Iterable[Markup]:
    days = max(1, (last - first).days)
    for mark in date_marks(first, last):
        fraction = (mark.at - first).days / days
        anchor = "end" if fraction > 0.97 else "start" if fraction < 0.03 else "middle"
        kind = " minor" if mark.minor else ""
        yield element("line", class_=f"grid{kind}", x1=percent(fraction), x2=percent(fraction), y1=y, y2=y + 5)
        yield element("text", mark.label, class_=f"mark{kind}", x=percent(fraction), y=y + 20, text_anchor=anchor)
