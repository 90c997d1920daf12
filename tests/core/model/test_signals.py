"""Fractions of a price that a stop or a target can lie at."""

from __future__ import annotations

import pytest

from tests.core.builders import D
from tradebot.core.model.signals import is_stop, is_target


@pytest.mark.parametrize(
    ("fraction", "stop", "target"),
    [
        ("0.000001", True, True),
        ("0.999999", True, True),
        ("1", False, True),
        ("1000", False, True),
        ("1000.1", False, False),
        ("0", False, False),
        ("-0.1", False, False),
        ("NaN", False, False),
        ("sNaN", False, False),
        ("Infinity", False, False),
    ],
)
def test_a_fraction_is_a_finite_number_in_its_range(fraction: str, stop: bool, target: bool) -> None:
    assert (is_stop(D(fraction)), is_target(D(fraction))) == (stop, target)
