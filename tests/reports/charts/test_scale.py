"""Axes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradebot.reports.charts.scale import compact, date_marks, scale, thinned

FINITE = st.floats(-1e9, 1e9, allow_nan=False, width=32)


def test_the_marks_are_round_numbers_around_the_values() -> None:
    assert scale([82_592.02, 284_634.89]).marks == (50_000, 100_000, 150_000, 200_000, 250_000, 300_000)
    assert scale([-0.2244, 0.0]).marks == (-0.25, -0.2, -0.15, -0.1, -0.05, 0)


@given(st.lists(FINITE, min_size=1, max_size=20))
def test_all_values_lie_within_the_scale_and_a_few_marks_show_it(values: list[float]) -> None:
    axis = scale(values)
    assert all(-1e-6 <= axis.fraction(value) <= 1 + 1e-6 for value in values)
    assert 2 <= len(axis.marks) <= 8
    assert axis.low < axis.high


def test_equal_values_have_a_scale_too() -> None:
    assert scale([100.0, 100.0]).fraction(100.0) == pytest.approx(0.5)
    assert scale([]).low < scale([]).high


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        (date(2024, 3, 4), date(2024, 3, 8), ["4 Mar", "5 Mar", "6 Mar", "7 Mar", "8 Mar"]),
        (date(2024, 3, 1), date(2024, 3, 28), ["1 Mar", "8 Mar", "15 Mar", "22 Mar"]),
        (date(2023, 11, 15), date(2024, 4, 10), ["Dec", "2024", "Feb", "Mar", "Apr"]),
        (date(2020, 1, 1), date(2024, 6, 1), ["2020", "Jul", "2021", "Jul", "2022", "Jul", "2023", "Jul", "2024"]),
        (date(1990, 1, 2), date(2020, 1, 1), ["1995", "2000", "2005", "2010", "2015", "2020"]),
        (date(2024, 3, 4), date(2024, 3, 4), ["4 Mar"]),
    ],
    ids=lambda value: str(value) if isinstance(value, date) else "",
)
def test_dates_are_marked_by_years_months_or_days(first: date, last: date, labels: list[str]) -> None:
    assert [mark.label for mark in date_marks(first, last)] == labels


def test_where_there_is_little_room_the_year_stays() -> None:
    marks = date_marks(date(2007, 1, 3), date(2008, 3, 12))
    assert [mark.label for mark in marks if not mark.minor] == ["May", "Sep", "2008"]


@given(st.dates(date(1950, 1, 1), date(2050, 1, 1)), st.integers(0, 30_000))
def test_there_are_never_many_marks_and_never_none_outside(first: date, days: int) -> None:
    last = first + timedelta(days=days)
    marks = date_marks(first, last)
    assert len(marks) <= 12
    assert all(first <= mark.at <= last for mark in marks)
    assert sum(not mark.minor for mark in marks) <= 6


def test_a_thinned_line_keeps_ends_extremes_and_gaps() -> None:
    points: list[tuple[int, float | None]] = [(day, float(day % 97)) for day in range(10_000)]
    points[5_001] = (5_001, -50.0)
    points[7_003] = (7_003, 500.0)
    points[8_000] = (8_000, None)
    kept = thinned(points, 1_000)
    assert len(kept) <= 1_250
    assert kept == sorted(kept, key=lambda point: point[0])
    assert {points[0], points[-1], points[5_001], points[7_003], points[8_000]} <= set(kept) <= set(points)
    assert thinned(points, 10_000) == points


def test_large_numbers_are_short() -> None:
    assert [compact(value) for value in (0, 0.5, 950, 1500, -120_000, 1_250_000, 2e9)] == [
        "0", "0.5", "950", "1.5k", "-120k", "1.25M", "2B",
    ]  # fmt: skip
