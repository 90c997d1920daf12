"""Unadjusted daily bars of many symbols from Alpaca (https://docs.alpaca.markets/reference/stockbars)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tradebot.brokers.alpaca.data.pagination import read_by_symbols, read_pages, unusable
from tradebot.brokers.alpaca.data.quotes import fetch_snapshots
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.responses import Json
from tradebot.core.model.exchange_time import new_york_date, new_york_instant
from tradebot.market.bar_table import Bars
from tradebot.ports import Calendar

PATH = "/v2/stocks/bars"
#: Bars in one page, the most that the server gives.
PAGE_SIZE = 10_000
ONE_DAY = timedelta(days=1)

_FIELDS = ("o", "h", "l", "c", "v")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BarSource:
    """Alpaca's bars of one feed."""

    api: Api
    feed: str  # "iex" or "sip"
    calendar: Calendar

    def fetch(self, symbols: Sequence[str], first: date, last: date) -> Bars:
        """Every bar of the symbols from session ``first`` to ``last``, which has closed.

        The time of a bar is midnight in New York. The request ends at the last close and no later, because the free
        plan has the feed sip without the latest 15 minutes. Raises BrokerUnavailable unless every page was read.
        """
        hours = self.calendar.between(first, last)
        bars = Bars.empty(symbols, [each.session for each in hours])
        filler = _TableFiller(self.api, bars)

        def read(chunk: str) -> Mapping[str, list[Mapping[str, Json]]]:
            params = {
                "symbols": chunk,
                "timeframe": "1Day",
                "start": _rfc3339(new_york_instant(first, time.min)),
                "end": _rfc3339(hours[-1].closes),
                "adjustment": "raw",
                "feed": self.feed,
                "sort": "asc",
            }
            return read_pages(self.api, PATH, params, "bars", PAGE_SIZE)

        for listing in read_by_symbols(symbols, read):
            filler.add(listing)
        bars.remove_impossible()
        if not bars.traded_symbols():
            self._check_empty(bars)
        return bars

    def _check_empty(self, empty: Bars) -> None:
        """Raise BrokerUnavailable if the newest prices show that there are bars, though none were sent."""
        last = empty.sessions[-1]
        snapshots = fetch_snapshots(self.api, empty.symbols, self.feed, last + ONE_DAY)
        for snapshot in snapshots.values():
            traded_on = snapshot.previous_session
            if traded_on is not None and empty.sessions[0] <= traded_on <= last:
                raise unusable(self.api, PATH, f"sent no bars, though {snapshot.symbol} traded on {traded_on}")


class _TableFiller:
    """Copies listed bars into a table."""

    def __init__(self, api: Api, bars: Bars) -> None:
        self._api = api
        self._values = bars.values
        self._column_of = {symbol: column for column, symbol in enumerate(bars.symbols)}
        self._row_of_session = {session: row for row, session in enumerate(bars.sessions)}
        self._row_of_time: dict[str, int | None] = {}  # by the text of a bar's time, which all bars of a day share

    def add(self, listing: Mapping[str, Iterable[Mapping[str, Json]]]) -> None:
        """Copy the bars of a listing by symbol. Raises BrokerUnavailable for a bar that cannot be read."""
        for symbol, items in listing.items():
            column = self._column_of.get(symbol)
            if column is None:
                raise unusable(self._api, PATH, f"sent bars of {symbol[:20]}, which it was not asked for")
            try:
                rows = [(self._row(bar["t"]), [float(bar[field]) for field in _FIELDS]) for bar in items]
            except KeyError as missing:
                raise unusable(self._api, PATH, f"sent a bar of {symbol} without {missing}") from None
            except (TypeError, ValueError):
                raise unusable(
                    self._api, PATH, f"sent a bar of {symbol} with something that is no number or no time"
                ) from None
            for row, numbers in rows:
                if row is not None:
                    self._values[:, row, column] = numbers

    def _row(self, time_text: str) -> int | None:
        """The row of the bar's session; None for a session that the table does not have."""
        if time_text not in self._row_of_time:
            day = new_york_date(datetime.fromisoformat(time_text))
            self._row_of_time[time_text] = self._row_of_session.get(day)
            if self._row_of_time[time_text] is None:
                _LOG.warning("bars of %s are left out: it is no session that was asked for", day)
        return self._row_of_time[time_text]


def _rfc3339(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
