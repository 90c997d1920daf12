"""The contract between the toolkit and a strategy: price history in, signals out.

A strategy module defines one class named ``Strategy`` with one method, ``signals``, which computes over the whole
history at once. Live trading reads the last row of the same answer that a backtest reads whole, so the two cannot
differ. Strategies see prices and their own parameters, never settings, accounts or brokers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tradebot.core.signals import ExitPolicy

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ExitPolicy", "History", "ParamValue", "Signals", "Strategy"]

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
    """

    entry: pd.DataFrame
    exit: pd.DataFrame
    exits: ExitPolicy
    score: pd.DataFrame | None = None
    risk_pct: float | None = None
    reason: str = ""
    columns_used: Mapping[str, pd.DataFrame] = field(default_factory=dict)  # indicator frames, for explain


class Strategy(Protocol):
    """What a strategy module's class ``Strategy`` must offer. It is made without arguments."""

    def signals(self, history: History, params: Mapping[str, ParamValue]) -> Signals:
        """The signals of every session of ``history``, each computed from that session and earlier ones only."""
        ...
