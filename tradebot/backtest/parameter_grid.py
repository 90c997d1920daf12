"""The parameters of a sweep with the values that are tried, and the variants that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import islice, product
from math import prod
from typing import Protocol

import numpy as np

from tradebot.strategy_api import ParamValue

#: The most values of a range, and the most variants of a grid: more is a typing error.
MOST_VALUES = 10_000
MOST_VARIANTS = 1_000_000

#: A value for each dimension, in their order.
Values = tuple[ParamValue, ...]


@dataclass(frozen=True, slots=True)
class Dimension:
    """A parameter with the values that are tried, each once."""

    strategy: str
    parameter: str
    values: Values

    @property
    def name(self) -> str:
        """Strategy and parameter, as they are typed."""
        return f"{self.strategy}.{self.parameter}"


class Search(Protocol):
    """Which variants are tried, one after the other; later ones may depend on what earlier ones came to."""

    @property
    def total(self) -> int:
        """The variants that are asked for."""

    def ask(self) -> Values | None:
        """The next variant: a value for each dimension; None after the last, or until another is told."""

    def tell(self, values: Values, sharpe: float | None) -> None:
        """What a variant came to: its Sharpe ratio of a session; None: it failed."""


class Listed:
    """Variants that are known beforehand. Implements ``Search``."""

    def __init__(self, variants: Sequence[Values]) -> None:
        self.total = len(variants)
        self._left = iter(variants)

    def ask(self) -> Values | None:
        """The next variant."""
        return next(self._left, None)

    def tell(self, values: Values, sharpe: float | None) -> None:
        """Nothing depends on it."""


def range_values(text: str) -> Values | None:
    """The values of a range such as ``0.02:0.06:0.01``, its end among them; None if the text is no range.

    The step is 1 without one. Whole numbers give int, others float, each the nearest to its decimal text. Raises
    ValueError.
    """
    parts = text.split(":")
    if len(parts) == 1:
        return None
    try:
        first, last, step = (Decimal(part.strip()) for part in (*parts, "1")[:3])
    except InvalidOperation:
        return None
    if len(parts) > 3:
        raise ValueError(f"a range is FIRST:LAST:STEP: {text!r} has {len(parts)} parts")
    if not (first.is_finite() and last.is_finite() and step.is_finite()) or step <= 0 or last < first:
        raise ValueError(f"a range goes up from its first to its last value by a step above 0: {text!r} does not")
    count = int((last - first) // step) + 1
    if count > MOST_VALUES:
        raise ValueError(f"{text!r} has {count:,} values, and {MOST_VALUES:,} are the most")
    found = [first + step * number for number in range(count)]
    is_whole = all(value == value.to_integral_value() for value in (first, step))
    return tuple(int(value) if is_whole else float(value) for value in found)


def size_of(dimensions: Sequence[Dimension]) -> int:
    """The number of variants of the whole grid."""
    return prod(len(dimension.values) for dimension in dimensions)


def grid(dimensions: Sequence[Dimension]) -> tuple[Values, ...]:
    """Every variant; the last dimension changes fastest. Raises ValueError for more than MOST_VARIANTS."""
    size = size_of(dimensions)
    if size > MOST_VARIANTS:
        raise ValueError(f"the grid has {size:,} variants, and {MOST_VARIANTS:,} are the most: draw some at random")
    return tuple(product(*(dimension.values for dimension in dimensions)))


def drawn(dimensions: Sequence[Dimension], count: int, seed: int) -> tuple[Values, ...]:
    """``count`` different variants of the grid, drawn with a seed, in the order of drawing; all, if there are not more.

    The first of a larger ``count`` are those of a smaller one.
    """
    size = size_of(dimensions)
    if count >= size:
        return grid(dimensions)
    draw = np.random.Generator(np.random.PCG64(seed))
    shape = [len(dimension.values) for dimension in dimensions]
    seen: dict[tuple[int, ...], None] = {}
    while len(seen) < count:
        seen.setdefault(tuple(int(draw.integers(length)) for length in shape))
    return tuple(
        tuple(dimension.values[at] for dimension, at in zip(dimensions, places, strict=True))
        for places in islice(seen, count)
    )
