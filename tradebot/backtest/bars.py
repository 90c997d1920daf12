"""The bars of a backtest as whole numbers, with what an account sees of them in each session.

Prices are in steps of $0.0001, the finest tick, so that sums and comparisons are exact. A row is a session, a column a
symbol.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tradebot.core.model.account import CorporateAction
from tradebot.core.model.values import CENT, SUB_PENNY, ZERO
from tradebot.strategy_api import History

if TYPE_CHECKING:
    import pandas as pd

Steps = NDArray[np.int64]

#: Price steps in a dollar.
STEPS = 10_000
#: Sessions over which a symbol's volume is averaged.
VOLUME_SESSIONS = 20
#: Stands for no price from above: no order reaches it.
NEVER = np.iinfo(np.int64).max // 4


def in_dollars(steps: int) -> Decimal:
    """A number of steps in USD, exact."""
    return SUB_PENNY * steps if steps % 100 else CENT * (steps // 100)


def in_steps(price: Decimal) -> int:
    """USD that are a whole number of steps."""
    return int(price * STEPS)


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Unadjusted bars, and corporate actions by the row before whose open they take effect.

    traded: where a symbol trades; its bar has a volume. ``open`` is 0 and ``low`` NEVER where it does not.
    open_mark, close_mark: what a share is valued at after the open and after the close: the newest price.
    previous: the newest close before the session, on its split basis; 0 before the first.
    average_volume: shares a session over the VOLUME_SESSIONS before, on the session's split basis; -1 without a bar.
    """

    sessions: tuple[date, ...]
    symbols: tuple[str, ...]
    open: Steps
    high: Steps
    low: Steps
    close: Steps
    volume: Steps
    listed: NDArray[np.bool_]  # where there is a bar, with or without a volume
    traded: NDArray[np.bool_]
    previous: Steps
    open_mark: Steps
    close_mark: Steps
    average_volume: Steps
    actions: dict[int, tuple[CorporateAction, ...]]

    @property
    def columns(self) -> dict[str, int]:
        """The column of each symbol."""
        return {symbol: column for column, symbol in enumerate(self.symbols)}


def bars_of(history: History, actions: Iterable[CorporateAction], symbols: Sequence[str] = ()) -> Bars:
    """The bars of an unadjusted history; only of ``symbols``, unless empty, one that it lacks without any bar."""
    sessions = tuple(stamp.date() for stamp in history.close.index)
    names = tuple(symbols) or tuple(history.close.columns)
    prices = _Columns(history.close.columns, names)
    closed = prices.of(history.close)
    listed = ~np.isnan(closed)
    shares = np.where(listed, prices.of(history.volume), 0).astype(np.int64)
    traded = listed & (shares > 0)
    closes = _steps(closed, traded)
    del closed  # ten years of 500 symbols are 10 MB an array
    opens, highs, lows = (_steps(prices.of(each), traded) for each in (history.open, history.high, history.low))
    lows[~traded] = NEVER
    by_row = _by_row(actions, sessions, frozenset(names))
    splits = _Splits(by_row, names, len(sessions))
    previous = _previous(closes, traded, splits)
    return Bars(
        sessions=sessions,
        symbols=names,
        open=opens,
        high=highs,
        low=lows,
        close=closes,
        volume=shares,
        listed=listed,
        traded=traded,
        previous=previous,
        open_mark=np.where(traded, opens, previous),
        close_mark=np.where(traded, closes, previous),
        average_volume=_average_volume(shares, listed, splits),
        actions=by_row,
    )


class _Columns:
    """Selects the columns of some symbols; one that a frame lacks is NaN."""

    def __init__(self, known: Iterable[str], wanted: tuple[str, ...]) -> None:
        column_of = {symbol: column for column, symbol in enumerate(known)}
        self._all = tuple(column_of) == wanted
        self._columns = np.array([column_of.get(symbol, -1) for symbol in wanted], dtype=np.intp)

    def of(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        values = frame.to_numpy(dtype=np.float64)
        if self._all:
            return values
        return np.asarray(np.where(self._columns < 0, np.nan, values[:, self._columns]))


def _steps(prices: NDArray[np.float64], traded: NDArray[np.bool_]) -> Steps:
    steps = np.where(traded, prices, 0.0)
    steps *= STEPS
    return np.rint(steps, out=steps).astype(np.int64)


def _by_row(
    actions: Iterable[CorporateAction], sessions: Sequence[date], symbols: frozenset[str]
) -> dict[int, tuple[CorporateAction, ...]]:
    """The actions by the first session on or after their ex-date, in the order of date and symbol."""
    found: dict[int, list[CorporateAction]] = {}
    for action in sorted(actions, key=lambda each: (each.ex_date, each.symbol, each.kind)):
        row = bisect_left(sessions, action.ex_date)
        if action.symbol in symbols and 0 < row < len(sessions):
            found.setdefault(row, []).append(action)
    return {row: tuple(of_row) for row, of_row in found.items()}


class _Splits:
    """The splits of each column: their rows and ratios."""

    def __init__(self, by_row: dict[int, tuple[CorporateAction, ...]], symbols: Sequence[str], rows: int) -> None:
        columns = {symbol: column for column, symbol in enumerate(symbols)}
        self.rows = rows
        self.of: dict[int, list[tuple[int, Decimal]]] = {}
        for row in sorted(by_row):
            for action in by_row[row]:
                if action.kind == "split":
                    self.of.setdefault(columns[action.symbol], []).append((row, action.value))


def _previous(closes: Steps, traded: NDArray[np.bool_], splits: _Splits) -> Steps:
    rows = np.arange(len(closes))[:, np.newaxis]
    newest = np.maximum.accumulate(np.where(traded, rows, -1), axis=0)
    before = np.vstack([np.full((1, closes.shape[1]), -1, dtype=newest.dtype), newest[:-1]])
    previous = np.where(before >= 0, np.take_along_axis(closes, np.maximum(before, 0), axis=0), 0)
    for column, of_column in splits.of.items():
        for row, _ in of_column:
            at = row
            while at < splits.rows and 0 <= before[at, column] < row:
                ratio = _ratio(of_column, int(before[at, column]), at)
                close = in_dollars(int(closes[before[at, column], column])) / ratio
                previous[at, column] = in_steps(close.quantize(SUB_PENNY))
                at += 1
    return np.asarray(previous)


def _ratio(splits: Iterable[tuple[int, Decimal]], after: int, upto: int) -> Decimal:
    ratio = Decimal(1)
    for row, value in splits:
        if after < row <= upto:
            ratio *= value
    return ratio


def _average_volume(shares: Steps, listed: NDArray[np.bool_], splits: _Splits) -> Steps:
    """The averages as of each session, of the sessions before it: as live sees them before its open."""
    counts = np.minimum(np.arange(len(shares)), VOLUME_SESSIONS)[:, np.newaxis]
    sums, bars = (_before(values) for values in (shares, listed.astype(np.int64)))
    average = np.where(bars > 0, sums // np.maximum(counts, 1), -1)
    for column, of_column in splits.of.items():
        for row, _ in of_column:
            for at in range(row, min(row + VOLUME_SESSIONS, splits.rows)):
                first = max(at - VOLUME_SESSIONS, 0)
                days = range(first, at)
                total = sum(
                    (Decimal(int(shares[day, column])) * _ratio(of_column, day, at) for day in days), start=ZERO
                )
                if bars[at, column] > 0:
                    average[at, column] = int(total / max(1, at - first))
    return np.asarray(average)


def _before(values: NDArray[np.int64]) -> Steps:
    """The sums over the VOLUME_SESSIONS rows before each row."""
    sums = np.vstack([np.zeros((1, values.shape[1]), np.int64), np.cumsum(values, axis=0)])
    first = np.maximum(np.arange(len(values)) - VOLUME_SESSIONS, 0)
    return np.asarray(sums[: len(values)] - sums[first])
