"""Numbers in any form are read back as they were meant."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tradebot.market.imports.numbers import DecimalMark, numbers

PRICES = st.lists(st.decimals("0.01", "9999999", places=2), min_size=1, max_size=8)


def written(number: Decimal, thousands: str, mark: str) -> str:
    return f"{number:,.2f}".replace(",", "\0").replace(".", mark).replace("\0", thousands)


@given(PRICES, st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", "."), ("\u00a0", ","), ("", ","), ("", ".")]))
def test_two_decimals_show_the_mark_whatever_separates_thousands(prices: list[Decimal], marks: tuple[str, str]) -> None:
    cells = pd.Series([written(price, *marks) for price in prices], dtype=object)
    assert list(numbers({"close": cells}, ";", None)["close"]) == [float(price) for price in prices]


@given(st.lists(st.integers(1, 999), min_size=1), st.sampled_from(list(DecimalMark)))
def test_the_mark_that_is_said_counts_where_none_is_shown(tenths: list[int], mark: DecimalMark) -> None:
    cells = pd.Series([f"7{mark.sign}{tenth:03}" for tenth in tenths], dtype=object)
    assert list(numbers({"close": cells}, ";", mark)["close"]) == [float(f"7.{tenth:03}") for tenth in tenths]
