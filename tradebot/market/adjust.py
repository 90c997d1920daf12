"""Back-adjustment: a history without the jumps that splits and dividends leave in it."""

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
    """``history`` (USD a share and shares, not adjusted) adjusted for the actions with ex-date up to ``as_of``.

    Every price before an ex-date is multiplied by that action's factor: 1 / ratio for a split, and
    (close before - dividend) / close before for a cash dividend: the method that Yahoo Finance ("What is the adjusted
    close?") and MathWorks (``adjustedClosingPrices``) give as the standard of the Center for Research in Security
    Prices. Volume before a split is multiplied by its ratio.
    A dividend with the ex-date of a split is USD for one share from before the split; one that is not below the close
    before it can be no dividend of that share, and is left out. Nothing after ``as_of`` is looked at, and prices since
    the last ex-date are those of the market, to the last bit.
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
        elif value < (close := _newest(closes[: row + 1, column_of[action.symbol]])):  # NaN before the listing
            price_factors[cell] *= (close - value) / close
    prices, shares = _back_to_the_first_row(price_factors), _back_to_the_first_row(volume_factors)

    def multiplied(frame: pd.DataFrame, factors: Numbers) -> pd.DataFrame:
        return pd.DataFrame(frame.to_numpy() * factors, index=index, columns=columns, copy=False)

    return History(
        open=multiplied(history.open, prices),
        high=multiplied(history.high, prices),
        low=multiplied(history.low, prices),
        close=multiplied(history.close, prices),
        volume=multiplied(history.volume, shares),
    )


def _newest(prices: Numbers) -> float:
    """The last of ``prices`` that is one; NaN when none is."""
    known = prices[~np.isnan(prices)]
    return float(known[-1]) if len(known) else np.nan


def _back_to_the_first_row(factors: Numbers) -> Numbers:
    """Each row multiplied by all rows below it."""
    return np.asarray(factors[::-1].cumprod(axis=0)[::-1])
