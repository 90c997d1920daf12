"""What is drawn, read from the markup of a chart."""

from __future__ import annotations

import re
from xml.etree import ElementTree

Element = ElementTree.Element


def drawn(markup: str) -> Element:
    """The chart as a tree; markup that is not well-formed fails."""
    return ElementTree.fromstring(markup)


def named(chart: Element, *classes: str) -> list[Element]:
    """The elements with all of these classes, in order."""
    return [each for each in chart.iter() if set(classes) <= set(each.get("class", "").split())]


def texts(chart: Element, *classes: str) -> list[str]:
    """The texts of the elements with these classes."""
    return [each.text or "" for each in named(chart, *classes)]


def points(path: Element) -> list[list[tuple[float, float]]]:
    """The points of each stretch of a line, in units of its viewport."""
    stretches = []
    for stretch in re.findall(r"M([^M]*)", path.get("d", "")):
        x, y, *steps = map(float, re.findall(r"-?[\d.]+", re.split("[hV]", stretch)[0]))
        places = [(x, y)]
        for right, down in zip(steps[::2], steps[1::2], strict=True):
            places.append((places[-1][0] + right, places[-1][1] + down))
        stretches.append(places)
    return stretches
