"""Bars as the data frames that strategies get."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tradebot.market.bar_table import Bars
from tradebot.strategy_api import History


def as_history(bars: Bars, symbols: Sequence[str]) -> History:
    """The bars of ``symbols``, with a row for each session in which any symbol of ``bars`` traded."""
    traded = bars.has_bar().any(axis=1)
    column_of = {symbol: column for column, symbol in enumerate(bars.symbols)}
    columns = [column_of[symbol] for symbol in symbols]
    index = pd.DatetimeIndex(bars.traded_sessions(), name="date").as_unit("us")
    names = pd.Index(list(symbols), dtype="str", name="symbol")

    def frame(field: int) -> pd.DataFrame:
        values = np.ascontiguousarray(bars.values[field][traded][:, columns])
        return pd.DataFrame(values, index=index, columns=names, copy=False)

    return History(open=frame(0), high=frame(1), low=frame(2), close=frame(3), volume=frame(4))
