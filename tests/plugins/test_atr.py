"""The average true range, beside TA-Lib's and beside a plain account of Wilder's own words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import talib
from numpy.typing import NDArray

from tradebot.plugins.signal_validation import map_frames
from tradebot.strategy_api import History, atr


def bars(history: History, symbol: str, first: int = 0) -> list[NDArray[np.float64]]:
    """High, low and close of a symbol from a row on."""
    return [frame[symbol].to_numpy(dtype=np.float64)[first:] for frame in (history.high, history.low, history.close)]


def expected(history: History, symbol: str, n: int, first: int = 0) -> NDArray[np.float64]:
    high, low, close = bars(history, symbol, first)
    return np.asarray(talib.ATR(high, low, close, timeperiod=n), dtype=np.float64)


@pytest.mark.parametrize("n", [1, 2, 14, 20, 59])
def test_it_gives_the_figures_of_talib(history: History, n: int) -> None:
    found = atr(history, n)
    assert found.index.equals(history.close.index)
    for symbol in history.close.columns:
        assert found[symbol].to_numpy() == pytest.approx(expected(history, symbol, n), rel=1e-12, nan_ok=True)
        assert int(found[symbol].isna().sum()) == n


def test_it_is_what_wilder_says(history: History) -> None:
    high, low, close = bars(history, "AAA")
    ranges = [
        max(high[day] - low[day], abs(high[day] - close[day - 1]), abs(low[day] - close[day - 1]))
        for day in range(1, len(close))
    ]
    average = sum(ranges[:14]) / 14
    for true_range in ranges[14:]:
        average = (13 * average + true_range) / 14
    assert atr(history)["AAA"].iloc[-1] == pytest.approx(average, rel=1e-12)


def test_real_prices_give_the_figures_of_talib_too(real_history: History) -> None:
    found = atr(real_history, 20)
    for symbol in real_history.close.columns:
        listed = int(real_history.close[symbol].notna().to_numpy().argmax())
        values = found[symbol].to_numpy()
        assert np.isnan(values[:listed]).all()
        assert values[listed:] == pytest.approx(expected(real_history, symbol, 20, listed), rel=1e-9, nan_ok=True)


def test_a_missing_bar_is_left_out_for_its_symbol_alone(history: History) -> None:
    gaps = history.close.copy()
    gaps.iloc[[0, 1, 30], 0] = np.nan
    gaps.iloc[:, 1] = np.nan
    found = atr(replace(history, close=gaps), 5)
    rest = [row for row in range(60) if row not in (0, 1, 30)]
    without = map_frames(history, lambda frame: frame.iloc[rest])
    pd.testing.assert_series_equal(found["AAA"].iloc[rest], atr(without, 5)["AAA"])
    assert found["AAA"].iloc[[0, 1, 30]].isna().all()
    assert found["BBB"].isna().all()
    pd.testing.assert_series_equal(found["CCC"], atr(history, 5)["CCC"])


def test_too_few_bars_give_none(history: History) -> None:
    assert atr(history, 60).isna().all(axis=None)
    assert atr(map_frames(history, lambda frame: frame.iloc[:0]), 5).empty


def test_an_average_of_no_sessions_is_refused(history: History) -> None:
    with pytest.raises(ValueError, match="an average of 0 sessions"):
        atr(history, 0)
