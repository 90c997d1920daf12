"""The HTML file of a sweep: its map by one, two or three parameters, and the curve of its tests."""

from __future__ import annotations

import re

import pytest

from tests.reports.sweeps import SCRIPT, outcome
from tradebot.reports.html_report.sweep_report import sweep_html


def html(dimensions: int, folds: int = 0) -> str:
    return sweep_html(outcome(folds=folds, dimensions=dimensions), lambda text: text.replace("own failed", "(hidden)"))


@pytest.mark.parametrize(("dimensions", "cells"), [(2, 5), (3, 6)])
def test_a_heat_map_has_a_cell_for_each_variant_that_it_shows(dimensions: int, cells: int) -> None:
    page = html(dimensions)
    assert len(re.findall(r'<g class="cell ', page)) == cells
    assert ("own.kind=a, as the highest variant has" in page) == (dimensions == 3)
    assert "own.stop (down) and own.days (across)" in page, "the longer one goes down"


def test_one_parameter_is_drawn_as_bars_and_tests_as_a_line() -> None:
    page = html(1, folds=2)
    assert 'class="chart bars"' in page and "Equity of the tests" in page
    assert "It may be luck" not in page and "may be luck" in page


def test_texts_of_strategies_are_masked_and_escaped() -> None:
    page = html(2)
    assert SCRIPT not in page and "(hidden)" in page and "own failed" not in page
