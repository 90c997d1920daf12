"""Back-adjustment of prices and volumes for splits and cash dividends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from tradebot.core.model.account import ActionKind, CorporateAction
from tradebot.strategy_api import History

Numbers = npt.NDArray[np.float64]


def back_adjust(history: History, actions: Iterable[CorporateAction], as_of: date) -> History:
    """Adjust ``history`` (USD a share, volume in shares) for splits and dividends with ex-dates to ``as_of``.

    Prices before an ex-date are multiplied by the factor of the action: 1 / ratio for a split, and
    (previous close - dividend) / previous close for a cash dividend. Volumes before a split are multiplied by its
    ratio. This is the method of the Center for Research in Security Prices, according to Yahoo Finance ("What is the
    adjusted close?") and MathWorks (``adjustedClosingPrices``).

    A dividend on the ex-date of a split is USD for one share before the split. A dividend that is not below the
    previous close is ignored as wrong data. Later actions are not used. Prices since the last ex-date stay bit for bit.
    """
    index, columns = history.close.index, history.close.columns
    column_of = {symbol: position for position, symbol in enumerate(columns)}
    earliest = index[0].date() if len(index) else as_of
    applied = [action for action in actions if earliest < action.ex_date <= as_of and action.symbol in column_of]
    if not applied:
        return history
    ex_dates = np.array([action.ex_date for action in applied], dtype="datetime64[D]")
    last_rows_before = index.to_numpy().searchsorted(ex_dates) - 1
    closes = history.close.to_numpy()
    price_factors = np.ones(closes.shape)
    volume_factors = np.ones(closes.shape)
    for action, row in zip(applied, last_rows_before, strict=True):
        cell = row, column_of[action.symbol]
        value = float(action.value)
        if action.kind is ActionKind.SPLIT:
            price_factors[cell] /= value
            volume_factors[cell] *= value
        elif action.kind is ActionKind.DIVIDEND:
            close = _last_known(closes[: row + 1, column_of[action.symbol]])  # NaN before the listing
            if value < close:
                price_factors[cell] *= (close - value) / close
    prices, shares = _cumulated(price_factors), _cumulated(volume_factors)

    def multiplied(frame: pd.DataFrame, factors: Numbers) -> pd.DataFrame:
        return pd.DataFrame(frame.to_numpy() * factors, index=index, columns=columns, copy=False)

    return History(
        open=multiplied(history.open, prices),
        high=multiplied(history.high, prices),
        low=multiplied(history.low, prices),
        close=multiplied(history.close, prices),
        volume=multiplied(history.volume, shares),
    )


def _last_known(prices: Numbers) -> float:
    """The last element that is not NaN; NaN if there is none."""
    known = prices[~np.isnan(prices)]
    return float(known[-1]) if len(known) else np.nan


def _cumulated(factors: Numbers) -> Numbers:
    """The product of each row and all rows below it, by column."""
    return np.asarray(factors[::-1].cumprod(axis=0)[::-1])
