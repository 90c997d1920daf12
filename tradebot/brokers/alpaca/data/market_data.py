"""Alpaca's implementation of ports.MarketData."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
from tradebot.market.bar_sessions import RECENT_SESSIONS, back_from, has_settled, last_complete, last_settled
from tradebot.market.calendar import decision_date
from tradebot.ports import Calendar, Clock

if TYPE_CHECKING:
    from tradebot.brokers.alpaca.data.bar_cache import BarCache
    from tradebot.brokers.alpaca.data.bars import BarSource
    from tradebot.strategy_api import History

#: A fund that holds the S&P 500, because Alpaca has no indices. Its closes, without dividends, move as the index does.
BENCHMARK = "SPY"

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _HistoryQuery:
    symbols: tuple[str, ...]
    first: date
    last: date
    as_of: date  # actions with a later ex-date are not applied


class AlpacaMarket:
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
        self._api = api
        self._folder = folder
        self._feed = feed
        self._clock = clock
        self._calendar = calendar
        self._fresh_for = fresh_for
        self._actions = CorporateActionCache(api, folder / "alpaca_actions", api.endpoint.host)
        self._last_quotes: tuple[datetime, frozenset[str], Mapping[str, Quote]] | None = None
        self._last_history: tuple[_HistoryQuery, History] | None = None

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

    def history(self, symbols: Sequence[str], sessions: int, clock: MarketClock) -> History:
        """The last ``sessions`` completed bars at ``clock.now``, adjusted for actions whose ex-date has come.

        Sessions without any bar have no row; a symbol without bars is all NaN. The last result is kept, because the
        jobs of one session ask for the same, and returned as the same object.
        """
        last = last_complete(self._calendar, clock)
        query = _HistoryQuery(tuple(symbols), back_from(self._calendar, last, sessions), last, decision_date(clock))
        if self._last_history is None or self._last_history[0] != query:
            self._last_history = (query, self._adjusted(query, clock.now))
        return self._last_history[1]

    def _adjusted(self, query: _HistoryQuery, now: datetime) -> History:
        from tradebot.market.adjust import back_adjust
        from tradebot.market.bar_frames import as_history

        bars = self._bars.bars(query.symbols, query.first, query.last, last_settled(self._calendar, now))
        actions = self._actions.since(query.first, query.symbols, now)
        return back_adjust(as_history(bars, query.symbols), actions, as_of=query.as_of)

    def known(self, symbols: Iterable[str]) -> frozenset[str]:
        """The symbols that have a bar in the cache or a newest price."""
        wanted = frozenset(symbols)
        with_bars = wanted & self._bars.symbols_with_bars()
        return with_bars | frozenset(self.quotes(wanted - with_bars))

    def last_completed(self, clock: MarketClock) -> date | None:
        """The newest session whose bar is complete at ``clock.now`` and published."""
        last = last_complete(self._calendar, clock)
        return self._bars.newest_session(
            back_from(self._calendar, last, RECENT_SESSIONS), last, last_settled(self._calendar, clock.now)
        )

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

    def upcoming_actions(self, symbols: Iterable[str], clock: MarketClock, days: int) -> tuple[CorporateAction, ...]:
        """Actions with an ex-date at most ``days`` days ahead; today's only until the open."""
        wanted, today = frozenset(symbols), decision_date(clock)
        if not wanted:
            return ()
        opened = clock.today is not None and clock.now >= clock.today.opens
        first = today + timedelta(days=1) if opened else today
        last = today + timedelta(days=days)
        actions = self._actions.recent(wanted, today - MAX_CLOSE_AGE, clock.now)
        return tuple(action for action in actions if first <= action.ex_date <= last)

    def actions_since(self, symbols: Iterable[str], first: date, clock: MarketClock) -> tuple[CorporateAction, ...]:
        """The actions with an ex-date from ``first`` to today; they are fetched again after an hour."""
        wanted, today = frozenset(symbols), decision_date(clock)
        if not wanted:
            return ()
        actions = self._actions.recent(wanted, min(first, today - MAX_CLOSE_AGE), clock.now)
        return tuple(action for action in actions if first <= action.ex_date <= today)

    @cached_property
    def _source(self) -> BarSource:
        from tradebot.brokers.alpaca.data.bars import BarSource  # imports numpy, which a quote does not need

        return BarSource(self._api, self._feed, self._calendar)

    @cached_property
    def _bars(self) -> BarCache:
        from tradebot.brokers.alpaca.data.bar_cache import BarCache
        from tradebot.market.bar_file import BarFile

        label = f"{self._api.endpoint.host}, {self._feed}, raw"
        return BarCache(self._source, BarFile(self._folder / "alpaca_bars", label, self._calendar))
