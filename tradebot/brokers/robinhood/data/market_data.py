"""Robinhood's implementation of ports.MarketData."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.brokers.http.api import Api
from tradebot.brokers.robinhood.data.historicals import read_candles
from tradebot.brokers.robinhood.data.listings import Listings
from tradebot.brokers.robinhood.data.quotes import MOST_SYMBOLS, RobinhoodQuote, as_quote, read_quotes
from tradebot.brokers.robinhood.data.splits import Splits
from tradebot.core.model.account import CorporateAction, MarketClock, Quote
from tradebot.core.model.candles import Candle
from tradebot.core.model.exchange_time import new_york_date
from tradebot.market.bar_market import BarMarket, HistoryQuery
from tradebot.market.bar_sessions import has_settled, last_settled
from tradebot.market.calendar import decision_date
from tradebot.ports import Calendar, Clock

if TYPE_CHECKING:
    from tradebot.brokers.robinhood.data.bar_store import BarStore
    from tradebot.brokers.robinhood.data.older_bars import OlderBars
    from tradebot.market.bar_table import Bars
    from tradebot.market.price_file import PriceFile
    from tradebot.strategy_api import History

#: A fund that holds the S&P 500. Its closes, without dividends, move as the index does.
BENCHMARK = "SPY"
#: The name of the file of kept bars.
BARS_FILE = "robinhood_bars"
#: Symbols whose lists of splits are asked for at once. For more only those are asked for that show a split.
MOST_SPLIT_LISTS = 25


class RobinhoodMarket(BarMarket):
    """Prices from Robinhood; implements ports.MarketData. Every method raises BrokerUnavailable for a failed read.

    folder: has the kept bars and splits. Without the bars those older than Robinhood's are lost.
    older: the home's own price file, for bars from before those that Robinhood gives.
    fresh_for: a younger quote is not fetched again.
    """

    def __init__(
        self,
        api: Api,
        folder: Path,
        clock: Clock,
        calendar: Calendar,
        older: PriceFile | None = None,
        fresh_for: timedelta = timedelta(seconds=5),
    ) -> None:
        super().__init__(calendar)
        self._api = api
        self._folder = folder
        self._clock = clock
        self._prices = older
        self._fresh_for = fresh_for
        self._listings = Listings(api)
        self._splits = Splits(api, folder / "robinhood_splits", api.endpoint.host)
        self._quoted: dict[str, tuple[datetime, RobinhoodQuote | None]] = {}  # with the time of the request

    # --- newest prices ---------------------------------------------------------------------------

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """The newest price of each symbol that has one.

        A request is filled up with symbols of earlier ones, so that consecutive orders share it.
        """
        today = new_york_date(self._clock.now())
        return {symbol: as_quote(quote, today) for symbol, quote in self._quotes(symbols).items()}

    def candles(self, symbols: Iterable[str], since: datetime, until: datetime) -> Mapping[str, tuple[Candle, ...]]:
        """The five-minute candles of regular sessions that overlap the time from ``since`` to ``until``, in order.

        A symbol that Robinhood left out is absent. Candles of more than a week before now are not told.
        """
        return read_candles(self._listings, symbols, since, until)

    def _quotes(self, symbols: Iterable[str]) -> Mapping[str, RobinhoodQuote]:
        wanted, now = frozenset(symbols), self._clock.now()
        fresh = {symbol for symbol, (at, _) in self._quoted.items() if abs(now - at) < self._fresh_for}
        if stale := wanted - fresh:
            others = [symbol for symbol in self._quoted if symbol not in stale]
            asked = sorted({*stale, *others[: max(0, MOST_SYMBOLS - len(stale))]})  # the next order needs none then
            quotes = read_quotes(self._listings, asked, new_york_date(now))
            self._quoted |= {symbol: (now, quotes.get(symbol)) for symbol in asked}
        found = {symbol: self._quoted[symbol][1] for symbol in wanted}
        return {symbol: quote for symbol, quote in found.items() if quote is not None}

    # --- history ---------------------------------------------------------------------------------

    def _adjusted(self, query: HistoryQuery, now: datetime) -> History:
        """Bars adjusted for splits. Dividends are those of the home's own price file.

        Robinhood does not tell them of symbols that are not held.
        """
        from tradebot.brokers.robinhood.data.split_basis import newest_gaps, shown_splits, unadjusted
        from tradebot.market.adjust import back_adjust
        from tradebot.market.bar_frames import as_history

        bars = self._store.bars(query.symbols, query.first, query.last, last_settled(self._calendar, now))
        quotes = self._quotes(query.symbols)
        today = new_york_date(now)
        split_now = [symbol for symbol, quote in quotes.items() if quote.split]
        self._ask_splits({**newest_gaps(bars), **dict.fromkeys([*self._store.rebased, *split_now], today)}, today)
        splits = self._splits.known(query.symbols)
        splits += shown_splits(quotes.values(), splits, today)
        actions = unadjusted(bars, splits, {symbol: float(quote.last) for symbol, quote in quotes.items()})
        if self._older is not None:
            actions += self._older.dividends(frozenset(query.symbols))
        return back_adjust(as_history(bars, query.symbols), actions, as_of=query.as_of)

    def benchmark(self, first: date, last: date) -> Sequence[tuple[date, float]]:
        """Sessions with the closes of SPY, USD a share; like the price index it leaves dividends out."""
        now, hours = self._clock.now(), self._calendar.between(first, last)
        sessions = [each.session for each in hours if has_settled(each.closes, now)]
        if not sessions:
            return ()
        settled = last_settled(self._calendar, now)
        return self._store.bars([BENCHMARK], sessions[0], sessions[-1], settled).closes(BENCHMARK)

    def closes(self, symbols: Iterable[str], session: date) -> Mapping[str, Decimal]:
        """The closing prices of a session, once its bars are complete, on the basis of that session."""
        from tradebot.brokers.robinhood.data.split_basis import closes_at

        wanted, hours, now = sorted(set(symbols)), self._calendar.hours(session), self._clock.now()
        if not wanted or hours is None or not has_settled(hours.closes, now):
            return {}
        today = new_york_date(now)
        last = max(session, self._calendar.previous(today).session)
        bars = self._store.bars(wanted, session, last, last_settled(self._calendar, now))
        splits = [split for split in self._splits.known(wanted) if session < split.ex_date <= today]
        newest = {symbol: float(quote.last) for symbol, quote in self._quotes(split.symbol for split in splits).items()}
        return closes_at(bars, wanted, splits, newest)

    def bars_since(self, symbols: Sequence[str], first: date) -> Bars:
        """The bars of the completed sessions from ``first`` on, on the split basis that Robinhood gives them on."""
        now = self._clock.now()
        last = max(first, last_settled(self._calendar, now))
        today = self._calendar.hours(new_york_date(now))
        if today is not None and has_settled(today.closes, now):
            last = today.session
        return self._store.bars(symbols, first, last, last_settled(self._calendar, now))

    # --- announcements ---------------------------------------------------------------------------

    def _announced(self, symbols: frozenset[str], first: date, clock: MarketClock) -> Iterable[CorporateAction]:
        """The splits of some symbols. Of many, those that show in the prices."""
        today = decision_date(clock)
        asked = symbols if len(symbols) <= MOST_SPLIT_LISTS else symbols & self._store.rebased
        self._ask_splits(dict.fromkeys(asked, today), today)
        return self._splits.known(symbols)

    def _ask_splits(self, needed: Mapping[str, date], today: date) -> None:
        """Read each list that was not read since the day that is needed. A symbol without a quote has none."""
        stale = self._splits.stale(needed)
        quotes = self._quotes(stale)
        self._splits.ask({symbol: quotes[symbol].instrument_id for symbol in stale if symbol in quotes}, today)

    @property
    def _kept(self) -> BarStore:
        return self._store

    @cached_property
    def _older(self) -> OlderBars | None:
        from tradebot.brokers.robinhood.data.older_bars import OlderBars

        return None if self._prices is None else OlderBars(self._prices, self._calendar)

    @cached_property
    def _store(self) -> BarStore:
        from tradebot.brokers.robinhood.data.bar_store import BarStore  # imports numpy, which a quote does not need
        from tradebot.market.bar_file import BarFile

        file = BarFile(self._folder / BARS_FILE, self._api.endpoint.host, self._calendar, irreplaceable=True)
        return BarStore(self._listings, file, self._calendar, self._older)
