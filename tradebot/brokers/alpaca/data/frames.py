"""Bars as the frames that strategies are given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tradebot.brokers.alpaca.data.bars import Bars
from tradebot.strategy_api import History


def as_history(bars: Bars, symbols: Sequence[str]) -> History:
    """The bars of ``symbols``, a row for each session in which anything in ``bars`` traded."""
    traded = bars.have().any(axis=1)
    column_of = {symbol: column for column, symbol in enumerate(bars.symbols)}
    columns = [column_of[symbol] for symbol in symbols]
    index = pd.DatetimeIndex(bars.traded_sessions(), name="date").as_unit("us")
    names = pd.Index(list(symbols), dtype="str", name="symbol")

    def wide(field: int) -> pd.DataFrame:
        values = np.ascontiguousarray(bars.values[field][traded][:, columns])
        return pd.DataFrame(values, index=index, columns=names, copy=False)

    return History(open=wide(0), high=wide(1), low=wide(2), close=wide(3), volume=wide(4))
