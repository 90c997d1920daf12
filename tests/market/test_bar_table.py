from __future__ import annotations

import logging
from datetime import date

import numpy as np
import pytest

from tradebot.market.bar_table import Bars

DAYS = [date(2024, 7, 1), date(2024, 7, 2), date(2024, 7, 3)]


def table(**closes: list[float]) -> Bars:
    """Bars with equal prices and a volume of 100."""
    bars = Bars.empty(tuple(closes), DAYS)
    for column, values in enumerate(closes.values()):
        bars.values[:4, :, column] = values
        bars.values[4, :, column] = np.where(np.isnan(values), np.nan, 100)
    return bars


def test_a_gap_is_no_bar() -> None:
    bars = table(IBM=[1, 2, 3], KO=[np.nan] * 3, XOM=[np.nan, 5, np.nan])

    assert bars.traded_symbols() == ["IBM", "XOM"]
    assert bars.closes("XOM") == ((DAYS[1], 5.0),)
    assert bars.select(["XOM"], date.min, date.max).traded_sessions() == [DAYS[1]]


def test_symbols_whose_bars_differ_are_found_in_the_sessions_that_both_have() -> None:
    bars, other = table(IBM=[1, 2, 3], KO=[1, np.nan, 3]), table(IBM=[1, 2, 9], KO=[1, np.nan, 3])

    assert bars.differing_symbols(other) == {"IBM"}
    assert bars.differing_symbols(other.select(["IBM"], DAYS[0], DAYS[1])) == set()


def test_an_impossible_bar_becomes_a_gap_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    bars = table(IBM=[1, 2, 3], KO=[1, 2, 3])
    bars.values[1, 1, 0] = 0.5  # a high below the low

    with caplog.at_level(logging.WARNING):
        bars.remove_impossible()

    assert bars.closes("IBM") == ((DAYS[0], 1.0), (DAYS[2], 3.0)) and len(bars.closes("KO")) == 3
    assert "the bar of IBM on 2024-07-02 is left out" in caplog.text
