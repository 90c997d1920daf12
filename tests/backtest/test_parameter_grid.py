"""Ranges of parameters, the grid over them, and draws from it."""

from __future__ import annotations

import pytest

from tradebot.backtest.parameter_grid import Dimension, Values, drawn, grid, range_values, size_of

DIMENSIONS = (Dimension("own", "days", tuple(range(10))), Dimension("own", "stop", (0.1, 0.2, 0.3)))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.02:0.06:0.01", (0.02, 0.03, 0.04, 0.05, 0.06)),
        ("2:10:4", (2, 6, 10)),
        ("1:3", (1, 2, 3)),
        ("1:2:0.4", (1.0, 1.4, 1.8)),
        ("5:5", (5,)),
        ("-1:1", (-1, 0, 1)),
        ("3", None),
        ("a:b", None),
    ],
)
def test_a_range_has_its_ends_and_no_binary_noise(text: str, values: Values | None) -> None:
    found = range_values(text)
    assert found == values
    assert [type(each) for each in found or ()] == [type(each) for each in values or ()]


@pytest.mark.parametrize("text", ["3:1", "1:3:0", "1:3:-1", "1:NaN", "1:9:1:1", "0:1:0.0000001"])
def test_a_range_that_does_not_go_up_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"range|values"):
        range_values(text)


def test_a_grid_has_every_combination_once() -> None:
    found = grid(DIMENSIONS)
    assert len(set(found)) == len(found) == size_of(DIMENSIONS) == 30
    assert found[:4] == ((0, 0.1), (0, 0.2), (0, 0.3), (1, 0.1))
    with pytest.raises(ValueError, match="draw some at random"):
        grid([Dimension("own", f"p{number}", tuple(range(100))) for number in range(4)])


def test_a_draw_is_that_of_its_seed_and_grows_at_its_end() -> None:
    few, many, other = drawn(DIMENSIONS, 5, 7), drawn(DIMENSIONS, 12, 7), drawn(DIMENSIONS, 5, 8)
    assert few == many[:5] != other
    assert len(set(many)) == 12 and set(many) < set(grid(DIMENSIONS))
    assert drawn(DIMENSIONS, 99, 7) == grid(DIMENSIONS)
