"""Horizontal bars: a name, a value and its size."""

from __future__ import annotations

from dataclasses import dataclass

from tradebot.reports.charts.markup import Markup, element, percent, picture

_ROW, _TOP, _BAR = 42, 22, 12
_LONGEST_NAME = 30  # letters that leave room for the value on a phone


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar. ``text`` is the value as people read it."""

    name: str
    value: float
    text: str
    is_bad: bool = False  # drawn in the colour of losses


@dataclass(frozen=True, slots=True)
class BarChart:
    """What a chart of bars shows. With ``limit``, a mark stands at that value in each bar."""

    key: str
    title: str
    description: str
    bars: tuple[Bar, ...]
    limit: float | None = None


def bar_chart(chart: BarChart) -> Markup:
    """The bars as SVG, from zero on, to the left when negative."""
    ends = [bar.value for bar in chart.bars] + [0.0] + ([chart.limit] if chart.limit is not None else [])
    low, high = min(ends), max(ends)
    span = high - low or 1.0
    parts: list[Markup] = []
    for number, bar in enumerate(chart.bars):
        top = number * _ROW
        begin, end = sorted(((bar.value - low) / span, -low / span))
        parts += (
            element("text", _short(bar.name), class_="legend", x=0, y=top + 14),
            element("text", bar.text, class_="legend", x="100%", y=top + 14, text_anchor="end"),
            element("rect", class_="track", x=0, y=top + _TOP, width="100%", height=_BAR),
            element("rect", element("title", f"{bar.name}: {bar.text}"), class_="bar bad" if bar.is_bad else "bar",
                    x=percent(begin), y=top + _TOP, width=percent(end - begin), height=_BAR),
            *_mark(chart.limit, low, span, top),
        )  # fmt: skip
    return picture(chart.key, chart.title, chart.description, _ROW * len(chart.bars), *parts, kind="bars")


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _mark(limit: float | None, low: float, span: float, top: float) -> tuple[Markup, ...]:
    if limit is None:
        return ()
    at = percent((limit - low) / span)
    return (element("line", class_="limit", x1=at, x2=at, y1=top + _TOP - 3, y2=top + _TOP + _BAR + 3),)
