"""A table of numbers whose colours show their size: gains against losses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tradebot.reports.charts.markup import Markup, element, percent, picture

#: Shades of gains, and as many of losses. ``charts.css`` has a colour for each.
SHADES = 4
_ROW, _HEAD, _GAP = 28, 22, 2


@dataclass(frozen=True, slots=True)
class HeatMap:
    """What a heat map shows. Rows are as long as ``columns``; None is an empty cell.

    ``strongest`` is the size of value from which on the strongest colour is used; the others have equal steps to it.
    """

    key: str
    title: str
    description: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]
    strongest: float
    label: Callable[[float], str]  # a value in its cell
    short_label: Callable[[float], str]  # the same where there is little room
    whole_names: bool = False  # whether columns keep their names where there is little room, not their first letters


def heat_map(chart: HeatMap) -> Markup:
    """The heat map as SVG."""
    cells = [
        part
        for row, (name, values) in enumerate(chart.rows)
        for part in (
            element("text", name, class_="mark", x=-8, y=_HEAD + row * _ROW + 18, text_anchor="end"),
            *(_cell(chart, row, column, value) for column, value in enumerate(values) if value is not None),
        )
    ]
    heads = [
        element("text", text, class_=f"mark {kind}", x=_middle(chart, column), y=14, text_anchor="middle")
        for column, name in enumerate(chart.columns)
        for kind, text in (("long", name), ("short", name if chart.whole_names else name[0]))
    ]
    return picture(chart.key, chart.title, chart.description, _HEAD + _ROW * len(chart.rows), *heads, *cells)


def shade(value: float, strongest: float) -> str:
    """The class of a cell: ``gain-1`` to ``gain-4``, ``loss-1`` to ``loss-4``, or ``flat`` for 0."""
    if value == 0:
        return "flat"
    step = min(SHADES, int(abs(value) / strongest * SHADES) + 1) if strongest > 0 else SHADES
    return f"{'gain' if value > 0 else 'loss'}-{step}"


def _cell(chart: HeatMap, row: int, column: int, value: float) -> Markup:
    count = len(chart.columns)
    top = _HEAD + row * _ROW
    middle = {"x": _middle(chart, column), "y": top + 18, "text_anchor": "middle"}
    name = f"{chart.rows[row][0]} {chart.columns[column]}: {chart.label(value)}"
    return element(
        "g",
        element("title", name),
        element("rect", x=percent(column / count), y=top, width=percent(1 / count), height=_ROW - _GAP),
        element("text", chart.label(value), class_="long", **middle),
        element("text", chart.short_label(value), class_="short", **middle),
        class_=f"cell {shade(value, chart.strongest)}",
    )


def _middle(chart: HeatMap, column: int) -> str:
    return percent((column + 0.5) / len(chart.columns))
