"""Axes: round numbers and dates to mark, and where a value lies between the ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import ceil, floor, log10

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Steps between marked dates, in months. Below a month the steps are days.
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600)
_DAY_STEPS = (1, 2, 7, 14)
_DAYS_A_MONTH = 30.44


@dataclass(frozen=True, slots=True)
class Scale:
    """The values from ``low`` to ``high``, and those that are marked."""

    low: float
    high: float
    marks: tuple[float, ...]

    def fraction(self, value: float) -> float:
        """0 at the low end, 1 at the high end."""
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class DateMark:
    """A marked date of an axis."""

    at: date
    label: str
    minor: bool  # may be left out where there is little room


def scale(values: Sequence[float], marks: int = 7) -> Scale:
    """The scale of round numbers that holds all values, with at most about ``marks`` marks."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if low == high:
        margin = abs(low) * 0.01 or 1.0
        low, high = low - margin, high + margin
    step = _round_step((high - low) / max(1, marks - 1))
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return Scale(first * step, last * step, tuple(round(number * step, 12) for number in range(first, last + 1)))


def date_marks(first: date, last: date, most: int = 10) -> tuple[DateMark, ...]:
    """At most about ``most`` dates from ``first`` to ``last``: years, months or days. Every second one is minor."""
    days = (last - first).days
    month_steps = (step for step in _MONTH_STEPS if days / (step * _DAYS_A_MONTH) <= most)
    if days < 2 * _DAYS_A_MONTH:
        step = next((step for step in _DAY_STEPS if days / step <= most), _DAY_STEPS[-1])
        marks = [first + timedelta(days=number) for number in range(0, days + 1, step)]
        labels = [f"{mark.day} {_MONTHS[mark.month - 1]}" for mark in marks]
    else:
        marks = list(_months(first, last, next(month_steps, _MONTH_STEPS[-1])))
        labels = [str(mark.year) if mark.month == 1 else _MONTHS[mark.month - 1] for mark in marks]
    thin = len(marks) > most / 2
    kept = next((number for number, mark in enumerate(marks) if mark.month == mark.day == 1), 0)  # years stay
    return tuple(
        DateMark(mark, label, thin and (number - kept) % 2 == 1)
        for number, (mark, label) in enumerate(zip(marks, labels, strict=True))
    )


def thinned(points: Sequence[tuple[int, float | None]], most: int) -> list[tuple[int, float | None]]:
    """At most about ``most`` points that look the same: of each stretch the first, lowest, highest and last.

    Extremes stay: the deepest point of a curve is never lost. A gap (None) within a stretch of more than one stays.
    """
    if len(points) <= most:
        return list(points)
    ends = [round(number * len(points) / (most // 4)) for number in range(most // 4 + 1)]
    kept: list[tuple[int, float | None]] = []
    for begin, end in pairwise(ends):
        stretch = points[begin:end]
        known = [point for point in stretch if point[1] is not None]
        chosen = {stretch[0], stretch[-1]}
        if known:
            chosen |= {min(known, key=_value), max(known, key=_value)}
        if len(known) < len(stretch):
            chosen.add(next(point for point in stretch if point[1] is None))
        kept += sorted(chosen, key=lambda point: point[0])
    return kept


def compact(value: float) -> str:
    """A round number in few letters: ``950``, ``1.5k``, ``120k``, ``1.25M``."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"


def _value(point: tuple[int, float | None]) -> float:
    return point[1] or 0.0


def _round_step(step: float) -> float:
    """The next of 1, 2, 2.5, 5 and 10 times a power of ten."""
    power: float = 10.0 ** floor(log10(step))
    return next(times * power for times in (1, 2, 2.5, 5, 10) if times * power >= step * (1 - 1e-9))


def _months(first: date, last: date, step: int) -> Iterator[date]:
    """The first days of every ``step``-th month, counted from year 0 on so that years begin with January."""
    number = ceil((first.year * 12 + first.month - 1 + (first.day > 1)) / step) * step
    while (mark := date(number // 12, number % 12 + 1, 1)) <= last:
        yield mark
        number += step
