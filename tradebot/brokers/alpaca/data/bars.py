"""Daily bars as Alpaca lists them (https://docs.alpaca.markets/reference/stockbars): raw, of many symbols at once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import isnan

import numpy as np
import numpy.typing as npt

from tradebot.brokers.alpaca.data.pagination import answers_about, useless, whole_listing
from tradebot.brokers.alpaca.data.quotes import HIGHEST_PRICE, fetch_snapshots
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.responses import Json
from tradebot.core.model.exchange_time import new_york_date, new_york_instant
from tradebot.ports import Calendar

PATH = "/v2/stocks/bars"
#: The most bars that one page holds.
PAGE = 10_000
ONE_DAY = timedelta(days=1)

_FIELDS = ("o", "h", "l", "c", "v")
_LOG = logging.getLogger(__name__)

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Bars of ``symbols`` over ``sessions`` (every session from the first to the last), not adjusted.

    ``values`` has the axes open, high, low, close (USD a share) and volume (shares); session; symbol. NaN is no bar.
    """

    symbols: tuple[str, ...]
    sessions: tuple[date, ...]
    values: Numbers

    @classmethod
    def none(cls, symbols: Sequence[str], sessions: Sequence[date]) -> Bars:
        """A table without a bar."""
        return cls(tuple(symbols), tuple(sessions), np.full((len(_FIELDS), len(sessions), len(symbols)), np.nan))

    def have(self) -> npt.NDArray[np.bool_]:
        """Where there is a bar: sessions by symbols."""
        return np.asarray(~np.isnan(self.values[3]))

    def traded_sessions(self) -> list[date]:
        """The sessions of which there is any bar."""
        return [self.sessions[row] for row in np.flatnonzero(self.have().any(axis=1))]

    def traded_symbols(self) -> list[str]:
        """The symbols of which there is any bar."""
        return [self.symbols[column] for column in np.flatnonzero(self.have().any(axis=0))]

    def closes(self, symbol: str) -> tuple[tuple[date, float], ...]:
        """The sessions in which a symbol has a bar, each with its close, USD a share."""
        closes = self.values[3, :, self.symbols.index(symbol)].tolist()
        return tuple((day, close) for day, close in zip(self.sessions, closes, strict=True) if not isnan(close))

    def of(self, symbols: Sequence[str], first: date, last: date) -> Bars:
        """These symbols, which it must have, over its sessions from ``first`` to ``last``."""
        column_of = {symbol: column for column, symbol in enumerate(self.symbols)}
        rows = [row for row, session in enumerate(self.sessions) if first <= session <= last]
        cut = slice(rows[0], rows[-1] + 1) if rows else slice(0, 0)
        columns = [column_of[symbol] for symbol in symbols]
        return Bars(tuple(symbols), self.sessions[cut], self.values[:, cut][:, :, columns])

    def put(self, other: Bars) -> None:
        """Take over what ``other`` has, which must be of some of these symbols and sessions: its gaps as well."""
        if not other.symbols or not other.sessions:
            return
        column_of = {symbol: column for column, symbol in enumerate(self.symbols)}
        row = self.sessions.index(other.sessions[0])
        columns = [column_of[symbol] for symbol in other.symbols]
        self.values[:, row : row + len(other.sessions), columns] = other.values

    def symbols_that_differ(self, other: Bars) -> set[str]:
        """Those of ``other`` that have another bar, one more or one less here, in the sessions that both cover."""
        if not self.sessions or not other.sessions:
            return set()
        first, last = max(self.sessions[0], other.sessions[0]), min(self.sessions[-1], other.sessions[-1])
        mine, theirs = self.of(other.symbols, first, last).values, other.of(other.symbols, first, last).values
        same = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
        return {symbol for symbol, agrees in zip(other.symbols, same.all(axis=(0, 1)), strict=True) if not agrees}


@dataclass(frozen=True, slots=True)
class BarSource:
    """Alpaca's bars of one feed ("iex" or "sip")."""

    api: Api
    feed: str
    calendar: Calendar

    def fetch(self, symbols: Sequence[str], first: date, last: date) -> Bars:
        """Every bar of these symbols from session ``first`` to ``last``, which must be over; NaN where there is none.

        A bar's time is its day's midnight in New York. The feed sip is free but for the latest 15 minutes, so the end
        asked for is no later than it must be. Raises BrokerUnavailable unless every page was read.
        """
        hours = self.calendar.between(first, last)
        bars = Bars.none(symbols, [each.session for each in hours])
        reader = _Reader(self.api, bars)

        def ask(some: str) -> Mapping[str, list[Mapping[str, Json]]]:
            params = {
                "symbols": some,
                "timeframe": "1Day",
                "start": _instant(new_york_instant(first, time.min)),
                "end": _instant(hours[-1].closes),
                "adjustment": "raw",
                "feed": self.feed,
                "sort": "asc",
            }
            return whole_listing(self.api, PATH, params, "bars", PAGE)

        for listing in answers_about(symbols, ask):
            reader.take(listing)
        _take_out_unsound(bars)
        if not bars.traded_symbols():
            self._doubt(bars)
        return bars

    def _doubt(self, empty: Bars) -> None:
        """Raise BrokerUnavailable if the newest prices say that there must be bars where none were sent."""
        last = empty.sessions[-1]
        snapshots = fetch_snapshots(self.api, empty.symbols, self.feed, last + ONE_DAY)
        for snapshot in snapshots.values():
            if snapshot.closed_on is not None and empty.sessions[0] <= snapshot.closed_on <= last:
                raise useless(self.api, PATH, f"sent no bars, though {snapshot.symbol} traded on {snapshot.closed_on}")


class _Reader:
    """Puts what Alpaca lists into a table."""

    def __init__(self, api: Api, bars: Bars) -> None:
        self._api = api
        self._values = bars.values
        self._column_of = {symbol: column for column, symbol in enumerate(bars.symbols)}
        self._row_of_session = {session: row for row, session in enumerate(bars.sessions)}
        self._row_of: dict[str, int | None] = {}  # by the text of a bar's time, of which each session has one

    def take(self, listing: Mapping[str, Iterable[Mapping[str, Json]]]) -> None:
        for symbol, items in listing.items():
            column = self._column_of.get(symbol)
            if column is None:
                raise useless(self._api, PATH, f"sent bars of {symbol[:20]}, which it was not asked for")
            try:
                placed = [(self._row(bar["t"]), [float(bar[field]) for field in _FIELDS]) for bar in items]
            except KeyError as missing:
                raise useless(self._api, PATH, f"sent a bar of {symbol} without {missing}") from None
            except (TypeError, ValueError):
                raise useless(
                    self._api, PATH, f"sent a bar of {symbol} with something that is no number or no time"
                ) from None
            for row, numbers in placed:
                if row is not None:
                    self._values[:, row, column] = numbers

    def _row(self, stamp: str) -> int | None:
        """The row of the session whose bar has this time; None for one that is not looked at."""
        if stamp not in self._row_of:
            day = new_york_date(datetime.fromisoformat(stamp))
            self._row_of[stamp] = self._row_of_session.get(day)
            if self._row_of[stamp] is None:
                _LOG.warning("bars of %s are left out: it is no session that was asked for", day)
        return self._row_of[stamp]


def _take_out_unsound(bars: Bars) -> None:
    """Make a gap of each bar that no market can have had; gaps are told by the checks of the bars."""
    prices, low, high, volume = bars.values[:4], bars.values[2], bars.values[1], bars.values[4]
    sound = ((prices > 0) & (prices <= HIGHEST_PRICE)).all(axis=0) & (high >= low) & (volume >= 0) & np.isfinite(volume)
    for row, column in np.argwhere(bars.have() & ~sound):
        _LOG.warning("the bar of %s on %s is left out: it cannot be", bars.symbols[column], bars.sessions[row])
    bars.values[:, ~sound] = np.nan


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
