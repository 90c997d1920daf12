"""Alpaca's implementation of ports.MarketData."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.brokers.alpaca.broker.option_symbols import is_option
from tradebot.brokers.alpaca.data.corporate_action_cache import CorporateActionCache
from tradebot.brokers.alpaca.data.quotes import MAX_CLOSE_AGE, Snapshot, as_quote, fetch_snapshots
from tradebot.brokers.http.api import Api
from tradebot.core.model.account import CorporateAction, MarketClock, Quote
from tradebot.core.model.exchange_time import new_york_date
from tradebot.errors import BrokerUnavailable
from tradebot.market.bar_market import BarMarket, HistoryQuery
from tradebot.market.bar_sessions import has_settled, last_settled
from tradebot.market.calendar import decision_date
from tradebot.ports import Calendar, Clock

if TYPE_CHECKING:
    from tradebot.brokers.alpaca.data.bar_cache import BarCache
    from tradebot.brokers.alpaca.data.bars import BarSource
    from tradebot.strategy_api import History

#: A fund that holds the S&P 500, because Alpaca has no indices. Its closes, without dividends, move as the index does.
BENCHMARK = "SPY"

#: The name of the file of corporate actions.
ACTIONS_FILE = "alpaca_actions"

_LOG = logging.getLogger(__name__)


class AlpacaMarket(BarMarket):
    """Prices from Alpaca; implements ports.MarketData. Every method raises BrokerUnavailable for an incomplete answer.

    feed: "iex" or "sip".
    folder: has the cache files, which may be deleted at any time.
    fresh_for: a younger quote is not fetched again.
    """

    def __init__(
        self,
        api: Api,
        folder: Path,
        feed: str,
        clock: Clock,
        calendar: Calendar,
        fresh_for: timedelta = timedelta(seconds=5),
    ) -> None:
        super().__init__(calendar)
        self._api = api
        self._folder = folder
        self._feed = feed
        self._clock = clock
        self._fresh_for = fresh_for
        self._actions = CorporateActionCache(api, folder / ACTIONS_FILE, api.endpoint.host)
        self._last_quotes: tuple[datetime, frozenset[str], Mapping[str, Quote]] | None = None

    # --- newest prices ---------------------------------------------------------------------------

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """The newest price of each symbol that has one.

        Each request includes every symbol of the earlier ones, so that consecutive orders share a request.
        """
        wanted, now = frozenset(symbols), self._clock.now()
        if not wanted:
            return {}
        fetched_at, fetched, quotes = self._last_quotes or (now, frozenset[str](), {})
        if not (wanted <= fetched and abs(now - fetched_at) < self._fresh_for):
            fetched |= wanted
            quotes = self._fetch_quotes(fetched, new_york_date(now), now)
            self._last_quotes = now, fetched, quotes
        return {symbol: quotes[symbol] for symbol in wanted if symbol in quotes}

    def _fetch_quotes(self, symbols: frozenset[str], today: date, now: datetime) -> Mapping[str, Quote]:
        snapshots = fetch_snapshots(self._api, sorted(symbols), self._feed, today)
        actions = self._recent_actions(snapshots, today, now)
        return {symbol: as_quote(snapshot, actions, today) for symbol, snapshot in snapshots.items()}

    def _recent_actions(
        self, snapshots: Mapping[str, Snapshot], today: date, now: datetime
    ) -> tuple[CorporateAction, ...] | None:
        """The actions of the last days; None when they cannot be read, so that no previous close is used."""
        try:
            return self._actions.recent(snapshots, today - MAX_CLOSE_AGE, now)
        except BrokerUnavailable as error:
            _LOG.warning("no previous closes, because corporate actions cannot be read: %s", error)
            return None

    # --- history ---------------------------------------------------------------------------------

    def _adjusted(self, query: HistoryQuery, now: datetime) -> History:
        from tradebot.market.adjust import back_adjust
        from tradebot.market.bar_frames import as_history

        bars = self._bars.bars(query.symbols, query.first, query.last, last_settled(self._calendar, now))
        actions = self._actions.since(query.first, query.symbols, now)
        return back_adjust(as_history(bars, query.symbols), actions, as_of=query.as_of)

    def benchmark(self, first: date, last: date) -> Sequence[tuple[date, float]]:
        """Sessions with the unadjusted closes of SPY, USD a share; like the price index it leaves dividends out."""
        now = self._clock.now()
        hours = self._calendar.between(first, last)
        sessions = [each.session for each in hours if has_settled(each.closes, now)]
        return self._source.fetch([BENCHMARK], sessions[0], sessions[-1]).closes(BENCHMARK) if sessions else ()

    # --- announcements ---------------------------------------------------------------------------

    def closes(self, symbols: Iterable[str], session: date) -> Mapping[str, Decimal]:
        """The closing prices of a session, once its bars are complete. What is no share has none."""
        wanted = sorted(symbol for symbol in symbols if not is_option(symbol) and "/" not in symbol)
        hours = self._calendar.hours(session)
        if not wanted or hours is None or not has_settled(hours.closes, self._clock.now()):
            return {}
        bars = self._source.fetch(wanted, session, session)
        return {symbol: Decimal(repr(close)) for symbol in wanted for _, close in bars.closes(symbol)}

    def _announced(self, symbols: frozenset[str], first: date, clock: MarketClock) -> Iterable[CorporateAction]:
        """The actions of some symbols; they are fetched again after an hour."""
        return self._actions.recent(symbols, min(first, decision_date(clock) - MAX_CLOSE_AGE), clock.now)

    @property
    def _kept(self) -> BarCache:
        return self._bars

    @cached_property
    def _source(self) -> BarSource:
        from tradebot.brokers.alpaca.data.bars import BarSource  # imports numpy, which a quote does not need

        return BarSource(self._api, self._feed, self._calendar)

    @cached_property
    def _bars(self) -> BarCache:
        from tradebot.brokers.alpaca.data.bar_cache import BarCache, bar_file

        return BarCache(self._source, bar_file(self._folder, self._api.endpoint.host, self._feed, self._calendar))
