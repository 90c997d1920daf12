"""The market data of the embedded exchange: bars from its price file, the rest from the exchange itself."""

from __future__ import annotations

import csv
import gzip
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
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


class RecordedMarket(Protocol):
    """What the embedded exchange knows from its own file, without reading the price file again."""

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """The newest price of each symbol that has one."""
        ...

    def known(self, symbols: Iterable[str]) -> frozenset[str]:
        """Those of ``symbols`` that it has bars of, whatever their sessions."""
        ...

    def corporate_actions(self, symbols: Iterable[str], first: date, last: date) -> tuple[CorporateAction, ...]:
        """Actions of ``symbols`` with ex-dates from ``first`` to ``last``, both included, by date, then symbol."""
        ...


@dataclass(frozen=True, slots=True)
class _Question:
    """What a history is asked for: rows of the price file, and the day up to which its actions are known."""

    symbols: tuple[str, ...]
    first_row: int
    end_row: int
    as_of: date


class EmbeddedMarket:
    """Market data of the embedded exchange, which trades on ``prices``.

    Only ``history`` and ``last_completed`` read the price file, for which they import pandas.
    """

    def __init__(self, prices: PriceFile, exchange: RecordedMarket) -> None:
        self._prices = prices
        self._exchange = exchange
        self._newest: tuple[_Question, History] | None = None

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """The newest price of each symbol that has one."""
        return self._exchange.quotes(symbols)

    def history(self, symbols: Sequence[str], sessions: int, clock: MarketClock) -> History:
        """The last ``sessions`` completed bars at ``clock.now``, adjusted with actions whose ex-date has come.

        Fewer rows where the price file begins later; a symbol that it does not know is all NaN. The jobs of one session
        ask the same question in turn, so the newest answer is kept, and given as the same object.
        """
        end = self._completed_rows(clock)
        question = _Question(tuple(symbols), max(0, end - sessions), end, decision_date(clock))
        if self._newest is None or self._newest[0] != question:
            self._newest = (question, self._adjusted(question))
        return self._newest[1]

    def _adjusted(self, question: _Question) -> History:
        from tradebot.market.adjust import back_adjust

        rows = slice(question.first_row, question.end_row)
        recorded = _cut(self._prices.history(), rows, question.symbols)
        return back_adjust(recorded, self._prices.actions(), as_of=question.as_of)

    def known(self, symbols: Iterable[str]) -> frozenset[str]:
        """Those of ``symbols`` that the price file has bars of, whatever their sessions."""
        return self._exchange.known(symbols)

    def last_completed(self, clock: MarketClock) -> date | None:
        """The newest session of the price file whose bar is complete at ``clock.now``."""
        rows = self._completed_rows(clock)
        return self._prices.sessions()[rows - 1] if rows else None

    def benchmark(self, first: date, last: date) -> Sequence[tuple[date, float]]:
        """Sessions with the closes of the S&P 500 price index (no dividends), 1999 to 2018; empty outside."""
        sessions, closes = _benchmark()
        span = slice(bisect_left(sessions, first), bisect_right(sessions, last))
        return tuple(zip(sessions[span], closes[span], strict=True))

    def upcoming_actions(self, symbols: Iterable[str], clock: MarketClock, days: int) -> tuple[CorporateAction, ...]:
        """Splits and dividends with an ex-date at most ``days`` days ahead, today's only until the opening."""
        today = decision_date(clock)
        opened = clock.today is not None and clock.now >= clock.today.opens
        first = today + timedelta(days=1) if opened else today
        last = today + timedelta(days=days)
        return self._exchange.corporate_actions(symbols, first, last)

    def _completed_rows(self, clock: MarketClock) -> int:
        """How many rows of the price file are completed sessions."""
        closed = clock.today is not None and clock.now >= clock.today.closes
        return (bisect_right if closed else bisect_left)(self._prices.sessions(), decision_date(clock))


def _cut(history: History, rows: slice, symbols: Sequence[str]) -> History:
    import numpy as np
    import pandas as pd

    from tradebot.strategy_api import History

    index = history.close.index[rows]
    column_of = {symbol: column for column, symbol in enumerate(history.close.columns)}
    places = np.array([column_of.get(symbol, -1) for symbol in symbols], dtype=np.intp)
    unknown = places < 0
    columns = _columns(tuple(symbols))

    def cut(frame: pd.DataFrame) -> pd.DataFrame:
        values = frame.to_numpy()[rows][:, places]
        values[:, unknown] = np.nan
        return pd.DataFrame(values, index=index, columns=columns, copy=False)

    return History(
        open=cut(history.open),
        high=cut(history.high),
        low=cut(history.low),
        close=cut(history.close),
        volume=cut(history.volume),
    )


@lru_cache(maxsize=8)
def _columns(symbols: tuple[str, ...]) -> pd.Index:
    """The columns of a history; an index never changes, and to make one takes as long as to fill a frame."""
    import pandas as pd

    return pd.Index(symbols, dtype="str", name="symbol")


@cache
def _benchmark() -> tuple[tuple[date, ...], tuple[float, ...]]:
    """The sessions and the closes of the bundled file, whose rows are ``date,close`` by date."""
    with gzip.open(_BENCHMARK, "rt", encoding="ascii", newline="") as lines:
        _, *rows = csv.reader(lines)
    return tuple(date.fromisoformat(day) for day, _ in rows), tuple(float(close) for _, close in rows)
