"""The contract between tradebot and a strategy: price history in, signals out.

A strategy module defines one class named ``Strategy`` with one method, ``signals``, which computes the signals of the
whole history at once. Live trading uses the last row of the frames that a backtest uses whole, so the two cannot
differ. A strategy sees prices and its parameters, never settings, accounts or brokers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tradebot.core.model.signals import ExitPolicy

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["ExitPolicy", "History", "ParamValue", "Signals", "Strategy", "atr", "by_column"]

#: The value of a parameter, of the type that the manifest declares.
ParamValue = bool | int | float | str


@dataclass(frozen=True)
class History:
    """Completed daily bars, adjusted for the splits and dividends known at the decision. Prices are USD a share.

    The five frames have the same shape: float64, one row a session (ascending, timezone-naive midnights of the New York
    date), one column a symbol. A symbol is NaN before its listing and after it stopped trading.
    """

    open: pd.DataFrame
    high: pd.DataFrame
    low: pd.DataFrame
    close: pd.DataFrame
    volume: pd.DataFrame  # shares


@dataclass(frozen=True)
class Signals:
    """The signals of a strategy. Frames have the index and columns of the history.

    ``reason`` and ``exit_reason`` are ``str.format`` texts over the names of ``columns_used``, filled with the values
    of a signal's session and symbol: ``"close {close:.2f} above SMA50 {SMA50:.2f}"``.

    ``stop`` and ``target`` are read where ``entry`` is true. An entry whose stop is NaN, 0 or less, or 1 or more is
    denied with INVALID_STOP, and one whose target is NaN, 0 or less, or above 1000 with INVALID_TARGET.

    ``conditions`` say what an entry needs: boolean frames by a text like ``reason``. An entry is where all of them are
    true. They are stored with the signals of a session and shown by `tradebot explain`; they decide nothing.
    """

    entry: pd.DataFrame  # boolean
    exit: pd.DataFrame  # boolean; where both are true, exit wins
    exits: ExitPolicy  # exit policy of the positions entered on these signals
    score: pd.DataFrame | None = None  # rank of a session's entries, highest first; None ranks them equal
    risk_pct: float | None = None  # risk per trade, a fraction of equity (0.005 is 0.5%); at most the account's counts
    reason: str = ""  # why a position is entered
    columns_used: Mapping[str, pd.DataFrame] = field(default_factory=dict)  # indicators by name
    exit_reason: str = ""  # why a position is closed
    stop: pd.DataFrame | None = None  # fractions of the entry price: the stop of each entry, in place of exits.stop
    target: pd.DataFrame | None = None  # fractions of the entry price: its target, in place of exits.target
    conditions: Mapping[str, pd.DataFrame] = field(default_factory=dict)  # of an entry; boolean, at most 16


class Strategy(Protocol):
    """The interface of a strategy module's class ``Strategy``. It is constructed without arguments."""

    def signals(self, history: History, params: Mapping[str, ParamValue]) -> Signals:
        """The signals of every session of ``history``, each computed from the session and earlier ones only."""
        ...


def by_column(frame: pd.DataFrame, indicator: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> pd.DataFrame:
    """An indicator of each column, over the sessions in which the column has a value; NaN in the others.

    It serves indicators of one symbol, such as TA-Lib's, which would carry a missing bar into every later value:
    ``by_column(close, partial(talib.SMA, timeperiod=50))``. ``indicator`` gets an array of at least one value and
    returns one of the same length.
    """
    import numpy as np
    import pandas as pd

    rows = np.ascontiguousarray(frame.to_numpy(dtype=np.float64).T)
    result = np.full_like(rows, np.nan)
    for values, computed in zip(rows, result, strict=True):
        known = ~np.isnan(values)
        if known.any():
            computed[known] = indicator(values[known])
    return pd.DataFrame(result.T, index=frame.index, columns=frame.columns)


def atr(history: History, n: int = 14) -> pd.DataFrame:
    """The average true range of each symbol over ``n`` sessions with Wilder's smoothing, in USD a share.

    The true range of a session is the largest of high - low, abs(high - previous close) and abs(low - previous close).
    The first average is the mean of ``n`` true ranges; after it, ATR = ((n - 1) * previous ATR + true range) / n.
    Source: J. W. Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib's ATR gives the same figures.

    Sessions without a bar are left out, symbol by symbol, and are NaN, as are the first ``n`` sessions with one. A stop
    of two average true ranges is the fraction ``2 * atr(history) / history.close``. The average remembers all that came
    before: a warm-up of 12 * n sessions makes the rest smaller than 0.00001 of it.

    Raises ValueError for an ``n`` below 1.
    """
    import numpy as np
    import pandas as pd

    if n < 1:
        raise ValueError(f"an average of {n} sessions cannot be taken")
    bars = (frame.to_numpy(dtype=np.float64).T for frame in (history.high, history.low, history.close))
    result = np.full(history.close.shape[::-1], np.nan)
    for high, low, close, computed in zip(*bars, result, strict=True):
        known = np.flatnonzero(~np.isnan(high + low + close))
        if len(known) <= n:
            continue
        before = close[known[:-1]]
        true_range = np.maximum(high[known[1:]], before) - np.minimum(low[known[1:]], before)
        averaged = np.concatenate([[true_range[:n].mean()], true_range[n:]])
        computed[known[n:]] = pd.Series(averaged).ewm(alpha=1 / n, adjust=False).mean().to_numpy()
    return pd.DataFrame(result.T, index=history.close.index, columns=history.close.columns)
