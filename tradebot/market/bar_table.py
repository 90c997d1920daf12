"""A table of daily bars of many symbols."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import isnan

import numpy as np
import numpy.typing as npt

from tradebot.core.model.values import MAX_PRICE

FIELDS = ("open", "high", "low", "close", "volume")

#: Symbols that trade in every session: a session without a bar of any of them is not published yet.
REFERENCES = ("AAPL", "MSFT", "SPY")

_LOG = logging.getLogger(__name__)

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """A table of unadjusted daily bars. The contents of ``values`` may change, its shape does not."""

    symbols: tuple[str, ...]
    sessions: tuple[date, ...]  # every session from the first to the last
    #: Axes: open, high, low, close (USD a share) and volume (shares); session; symbol. NaN where there is no bar.
    values: Numbers

    @classmethod
    def empty(cls, symbols: Sequence[str], sessions: Sequence[date]) -> Bars:
        """A table without a bar."""
        return cls(tuple(symbols), tuple(sessions), np.full((len(FIELDS), len(sessions), len(symbols)), np.nan))

    def has_bar(self) -> npt.NDArray[np.bool_]:
        """Where there is a bar. Shape: sessions, symbols."""
        return np.asarray(~np.isnan(self.values[3]))

    def traded_sessions(self) -> list[date]:
        """The sessions with at least one bar."""
        return [self.sessions[row] for row in np.flatnonzero(self.has_bar().any(axis=1))]

    def traded_symbols(self) -> list[str]:
        """The symbols with at least one bar."""
        return [self.symbols[column] for column in np.flatnonzero(self.has_bar().any(axis=0))]

    def closes(self, symbol: str) -> tuple[tuple[date, float], ...]:
        """The sessions in which a symbol has a bar, each with its close, USD a share."""
        closes = self.values[3, :, self.symbols.index(symbol)].tolist()
        return tuple((day, close) for day, close in zip(self.sessions, closes, strict=True) if not isnan(close))

    def select(self, symbols: Sequence[str], first: date, last: date) -> Bars:
        """The part with these symbols, all of which it has, and the sessions from ``first`` to ``last``."""
        column_of = {symbol: column for column, symbol in enumerate(self.symbols)}
        rows = [row for row, session in enumerate(self.sessions) if first <= session <= last]
        selected = slice(rows[0], rows[-1] + 1) if rows else slice(0, 0)
        columns = [column_of[symbol] for symbol in symbols]
        return Bars(tuple(symbols), self.sessions[selected], self.values[:, selected][:, :, columns])

    def overwrite(self, other: Bars) -> None:
        """Copy ``other`` into the table, gaps included. Its symbols and sessions are among those of the table."""
        if not other.symbols or not other.sessions:
            return
        column_of = {symbol: column for column, symbol in enumerate(self.symbols)}
        row = self.sessions.index(other.sessions[0])
        columns = [column_of[symbol] for symbol in other.symbols]
        self.values[:, row : row + len(other.sessions), columns] = other.values

    def differing_symbols(self, other: Bars) -> set[str]:
        """The symbols of ``other`` whose bars differ from these in the sessions that both tables have."""
        if not self.sessions or not other.sessions:
            return set()
        first, last = max(self.sessions[0], other.sessions[0]), min(self.sessions[-1], other.sessions[-1])
        mine, theirs = self.select(other.symbols, first, last).values, other.select(other.symbols, first, last).values
        equal = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
        return {symbol for symbol, agrees in zip(other.symbols, equal.all(axis=(0, 1)), strict=True) if not agrees}

    def remove_impossible(self) -> None:
        """Turn each bar that no market can have had into a gap, which the checks of the bars report."""
        prices, low, high, volume = self.values[:4], self.values[2], self.values[1], self.values[4]
        in_range = ((prices > 0) & (prices <= MAX_PRICE)).all(axis=0)
        possible = in_range & (high >= low) & (volume >= 0) & np.isfinite(volume)
        for row, column in np.argwhere(self.has_bar() & ~possible):
            _LOG.warning("the bar of %s on %s is left out: it cannot be", self.symbols[column], self.sessions[row])
        self.values[:, ~possible] = np.nan
