"""SVG elements as text."""

from __future__ import annotations

from tests.reports.charts.svg import drawn
from tradebot.reports.charts.markup import Markup, element, percent, picture


def test_texts_and_attributes_are_escaped_and_markup_is_not() -> None:
    inner = element("tspan", '<script>"&', class_='a"b')
    outer = element("text", inner, "x < y", text_anchor="end", x=1.0, y=0.333333)
    assert inner == '<tspan class="a&quot;b">&lt;script&gt;"&amp;</tspan>'
    assert outer == f'<text text-anchor="end" x="1" y="0.33">{inner}x &lt; y</text>'
    assert isinstance(outer, Markup)
    assert outer.__html__() == outer


def test_control_characters_are_shown_as_escapes() -> None:
    assert element("text", "a\x00b\u202e") == r"<text>a\x00b\u202e</text>"


def test_an_element_without_children_is_closed() -> None:
    assert element("line", x1=0) == '<line x1="0"/>'


def test_a_picture_is_named_and_described() -> None:
    chart = drawn(picture("equity", "Equity <USD>", "From 1 to 2.", 100))
    labels = {each.get("id"): each.text for each in chart}
    assert chart.get("role") == "img"
    assert [labels[name] for name in chart.get("aria-labelledby", "").split()] == ["Equity <USD>", "From 1 to 2."]


def test_a_fraction_is_a_percentage() -> None:
    assert [percent(0), percent(1 / 3), percent(1)] == ["0%", "33.333%", "100%"]
