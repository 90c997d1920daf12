"""by_column: indicators of one symbol at a time, over the sessions in which it has a bar."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import talib
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tradebot.strategy_api import by_column

PRICE = st.one_of(st.floats(1.0, 1000.0), st.just(float("nan")))


def running_sum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    assert len(values) > 0
    assert not np.isnan(values).any()
    return np.cumsum(values)


@given(st.lists(st.tuples(PRICE, PRICE, PRICE), min_size=1, max_size=30))
def test_each_column_is_computed_as_if_its_missing_bars_were_not_there(rows: list[tuple[float, float, float]]) -> None:
    frame = pd.DataFrame(rows, columns=["A", "B", "C"])
    result = by_column(frame, running_sum)
    assert result.index.equals(frame.index)
    assert result.columns.equals(frame.columns)
    for symbol in frame:
        expected = frame[symbol].dropna().cumsum()
        pd.testing.assert_series_equal(result[symbol].dropna(), expected)
        assert result[symbol].isna().equals(frame[symbol].isna())


def test_it_carries_ta_lib_over_late_listings_and_holes() -> None:
    nan = float("nan")
    frame = pd.DataFrame(
        {"LATE": [nan, nan, 1.0, 2.0, 3.0, 4.0], "HOLED": [1.0, 2.0, nan, 3.0, 4.0, 5.0], "NEVER": [nan] * 6}
    )
    result = by_column(frame, partial(talib.SMA, timeperiod=2))
    np.testing.assert_array_equal(result["LATE"], [nan, nan, nan, 1.5, 2.5, 3.5])
    np.testing.assert_array_equal(result["HOLED"], [nan, 1.5, nan, 2.5, 3.5, 4.5])
    assert result["NEVER"].isna().all()


def test_it_leaves_its_input_alone() -> None:
    frame = pd.DataFrame({"A": [1.0, 2.0]})

    def spoil(values: NDArray[np.float64]) -> NDArray[np.float64]:
        values[:] = 0.0
        return values

    by_column(frame, spoil)
    assert frame["A"].tolist() == [1.0, 2.0]
