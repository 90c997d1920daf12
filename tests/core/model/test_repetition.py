"""Entries repeated too often within too few sessions."""

from __future__ import annotations

import pytest

from tests.core.builders import limits_with
from tradebot.core.model.repetition import Repetition


@pytest.mark.parametrize(
    ("entries", "sessions", "breaks"), [(3, 5, True), (2, 5, False), (3, 6, False), (4, 1, True), (0, 0, False)]
)
def test_both_figures_have_to_reach_the_limit(entries: int, sessions: int, breaks: bool) -> None:
    limits = limits_with(repeat_order_limit=3, repeat_order_sessions=5)
    assert Repetition(entries, sessions).breaks(limits) is breaks
