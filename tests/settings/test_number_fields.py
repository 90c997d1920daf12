"""Percentages: a value that could be misread by a factor of a hundred is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.settings.conftest import ProblemsOf
from tradebot.settings.documentation import sections
from tradebot.settings.number_fields import Percent


@pytest.mark.parametrize("name", [row.name for s in sections() for row in s.rows if isinstance(row.type, Percent)])
@pytest.mark.parametrize("number", ["1", "3", "1.5", "250"])
def test_a_bare_number_of_one_or_more_is_refused_with_both_spellings(
    problems_of: ProblemsOf, name: str, number: str
) -> None:
    (problem,) = problems_of(environ={name: number})
    assert f"{number}%" in problem.fix
    assert str(Decimal(number) / 100) in problem.fix


@given(st.decimals("0.01", "400", places=4))
def test_a_percentage_means_the_same_in_both_spellings(percent: Decimal) -> None:
    field_type = Percent("0.01%", "400%")
    as_percentage = field_type.read(f"{percent}%")
    assert as_percentage == percent / 100
    if percent < 100:
        assert field_type.read(f"{percent / 100:f}") == as_percentage
    assert field_type.read(field_type.show(as_percentage)) == as_percentage
