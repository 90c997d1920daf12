"""The embedded exchange's implementation of ports.MarketData: bars from the price file, the rest from the exchange."""

from __future__ import annotations

import csv
import gzip
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tradebot.core.model.account import CorporateAction, MarketClock, Quote
from tradebot.market.calendar import decision_date
from tradebot.market.price_file import PriceFile

if TYPE_CHECKING:
    import pandas as pd

    from tradebot.strategy_api import History

_BENCHMARK = Path(__file__).resolve().parents[2] / "data" / "sp500_close_1999_2018.csv.gz"


class ExchangePrices(Protocol):
    """The price data that the exchange has in its own file, so that the price file need not be read."""

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """The newest price of each symbol that has one."""
        ...

    def known(self, symbols: Iterable[str]) -> frozenset[str]:
        """The symbols that have a bar in any session."""
        ...

    def closes(self, symbols: Iterable[str], session: date) -> Mapping[str, Decimal]:
        """The closing price of each symbol in a session that is over, USD a share."""
        ...

    def corporate_actions(self, symbols: Iterable[str], first: date, last: date) -> tuple[CorporateAction, ...]:
        """The actions of the symbols with an ex-date from ``first`` to ``last``, by date, then symbol."""
        ...


@dataclass(frozen=True, slots=True)
class _HistoryQuery:
    symbols: tuple[str, ...]
    first_row: int  # of the price file
    end_row: int  # the row after the last one
    as_of: date  # actions with a later ex-date are not applied


class PaperMarket:
    """Market data of the embedded exchange, which trades on ``prices``; implements ports.MarketData.

    Only ``history`` and ``last_completed`` read the price file, which imports pandas.
    """

    def __init__(self, prices: PriceFile, exchange: ExchangePrices) -> None:
        self._prices = prices
        self._exchange = exchange
        self._last_history: tuple[_HistoryQuery, History] | None = None

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """The newest price of each symbol that has one."""
        return self._exchange.quotes(symbols)

    def history(self, symbols: Sequence[str], sessions: int, clock: MarketClock) -> History:
        """The last ``sessions`` completed bars at ``clock.now``, adjusted for actions whose ex-date has come.

        There are fewer rows if the price file begins later; an unknown symbol is all NaN. The last result is kept,
        because the jobs of one session ask for the same, and returned as the same object.
        """
        end = self._completed_rows(clock)
        query = _HistoryQuery(tuple(symbols), max(0, end - sessions), end, decision_date(clock))
        if self._last_history is None or self._last_history[0] != query:
            self._last_history = (query, self._adjusted(query))
        return self._last_history[1]

    def _adjusted(self, query: _HistoryQuery) -> History:
        from tradebot.market.adjust import back_adjust

        rows = slice(query.first_row, query.end_row)
        unadjusted = _select(self._prices.history(), rows, query.symbols)
        return back_adjust(unadjusted, self._prices.actions(), as_of=query.as_of)

    def known(self, symbols: Iterable[str]) -> frozenset[str]:
        """The symbols that have a bar in any session."""
        return self._exchange.known(symbols)

    def last_completed(self, clock: MarketClock) -> date | None:
        """The newest session of the price file whose bar is complete at ``clock.now``."""
        rows = self._completed_rows(clock)
        return self._prices.sessions()[rows - 1] if rows else None

    def benchmark(self, first: date, last: date) -> Sequence[tuple[date, float]]:
        """Sessions with the closes of the S&P 500 price index (no dividends); it covers 1999 to 2018."""
        return benchmark(first, last)

    def closes(self, symbols: Iterable[str], session: date) -> Mapping[str, Decimal]:
        """The closing prices of a session that is over; of a symbol that did not trade in it, the one before."""
        return self._exchange.closes(symbols, session)

    def upcoming_actions(self, symbols: Iterable[str], clock: MarketClock, days: int) -> tuple[CorporateAction, ...]:
        """Actions with an ex-date at most ``days`` days ahead; today's only until the open."""
        today = decision_date(clock)
        opened = clock.today is not None and clock.now >= clock.today.opens
        first = today + timedelta(days=1) if opened else today
        last = today + timedelta(days=days)
        return self._exchange.corporate_actions(symbols, first, last)

    def actions_since(self, symbols: Iterable[str], first: date, clock: MarketClock) -> tuple[CorporateAction, ...]:
        """The actions with an ex-date from ``first`` to today."""
        return self._exchange.corporate_actions(symbols, first, decision_date(clock))

    def _completed_rows(self, clock: MarketClock) -> int:
        """The number of rows of the price file whose session is completed."""
        closed = clock.today is not None and clock.now >= clock.today.closes
        return (bisect_right if closed else bisect_left)(self._prices.sessions(), decision_date(clock))


def benchmark(first: date, last: date) -> Sequence[tuple[date, float]]:
    """The closes of the S&P 500 price index (no dividends) by session; it covers 1999 to 2018."""
    sessions, closes = _benchmark()
    rows = slice(bisect_left(sessions, first), bisect_right(sessions, last))
    return tuple(zip(sessions[rows], closes[rows], strict=True))


def _select(history: History, rows: slice, symbols: Sequence[str]) -> History:
    """The given rows and symbols of a history; an unknown symbol is all NaN."""
    import numpy as np
    import pandas as pd

    from tradebot.strategy_api import History

    index = history.close.index[rows]
    column_of = {symbol: column for column, symbol in enumerate(history.close.columns)}
    positions = np.array([column_of.get(symbol, -1) for symbol in symbols], dtype=np.intp)
    unknown = positions < 0
    columns = _columns(tuple(symbols))

    def select(frame: pd.DataFrame) -> pd.DataFrame:
        values = frame.to_numpy()[rows][:, positions]
        values[:, unknown] = np.nan
        return pd.DataFrame(values, index=index, columns=columns, copy=False)

    return History(
        open=select(history.open),
        high=select(history.high),
        low=select(history.low),
        close=select(history.close),
        volume=select(history.volume),
    )


@lru_cache(maxsize=8)
def _columns(symbols: tuple[str, ...]) -> pd.Index:
    """The column index of a history. It is cached, because making it takes as long as filling a frame."""
    import pandas as pd

    return pd.Index(symbols, dtype="str", name="symbol")


@cache
def _benchmark() -> tuple[tuple[date, ...], tuple[float, ...]]:
    """The sessions and the closes of the bundled file, whose rows are ``date,close`` by date."""
    with gzip.open(_BENCHMARK, "rt", encoding="ascii", newline="") as lines:
        _, *rows = csv.reader(lines)
    return tuple(date.fromisoformat(day) for day, _ in rows), tuple(float(close) for _, close in rows)
