"""The contract between the toolkit and a strategy: price history in, signals out.

A strategy module defines one class named ``Strategy`` with one method, ``signals``, which computes over the whole
history at once. Live trading reads the last row of the same answer that a backtest reads whole, so the two cannot
differ. Strategies see prices and their own parameters, never settings, accounts or brokers.
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

__all__ = ["ExitPolicy", "History", "ParamValue", "Signals", "Strategy", "by_column"]

#: A parameter's value, of the type its manifest declares.
ParamValue = bool | int | float | str


@dataclass(frozen=True)
class History:
    """Completed daily bars, adjusted for the splits and dividends known at the decision.

    Five frames of one shape: float64, one row a session (ascending, timezone-naive midnights of the New York date),
    one column a symbol. A symbol has NaN before its listing and after it stopped trading. ``volume`` is in shares.
    """

    open: pd.DataFrame
    high: pd.DataFrame
    low: pd.DataFrame
    close: pd.DataFrame
    volume: pd.DataFrame


@dataclass(frozen=True)
class Signals:
    """A strategy's answer: frames with the index and columns of the history it was given.

    ``entry`` and ``exit`` are boolean; where both are true, exit wins. ``score`` ranks entries of one session (higher
    first; None means equal). ``exits`` says in fractions how a position entered on these signals is left.
    ``risk_pct`` may ask for less than the account's risk per trade (a fraction, 0.005 is 0.5 %).

    ``reason`` says in words why a position is entered and ``exit_reason`` why it is left. Both are ``str.format``
    texts over the names of ``columns_used``, filled with the values of the session and symbol in question:
    ``"close {close:.2f} above SMA50 {SMA50:.2f}"``.
    """

    entry: pd.DataFrame
    exit: pd.DataFrame
    exits: ExitPolicy
    score: pd.DataFrame | None = None
    risk_pct: float | None = None
    reason: str = ""
    columns_used: Mapping[str, pd.DataFrame] = field(default_factory=dict)  # indicator frames, for explain
    exit_reason: str = ""


class Strategy(Protocol):
    """What a strategy module's class ``Strategy`` must offer. It is made without arguments."""

    def signals(self, history: History, params: Mapping[str, ParamValue]) -> Signals:
        """The signals of every session of ``history``, each computed from that session and earlier ones only."""
        ...


def by_column(frame: pd.DataFrame, indicator: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> pd.DataFrame:
    """``indicator`` of each column, computed over the sessions in which the column has a value; NaN in the others.

    For indicators that look at one symbol at a time, such as TA-Lib's: ``by_column(close, partial(talib.SMA,
    timeperiod=50))``. TA-Lib itself would carry one missing bar into every later value. ``indicator`` gets at least one
    value and gives as many as it got.
    """
    import numpy as np
    import pandas as pd

    rows = np.ascontiguousarray(frame.to_numpy(dtype=np.float64).T)
    result = np.full_like(rows, np.nan)
    for values, answer in zip(rows, result, strict=True):
        known = ~np.isnan(values)
        if known.any():
            answer[known] = indicator(values[known])
    return pd.DataFrame(result.T, index=frame.index, columns=frame.columns)
