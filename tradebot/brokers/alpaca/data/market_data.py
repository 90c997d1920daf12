"""Alpaca's market data for a desk."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tradebot.brokers.alpaca.data.corporate_action_cache import ActionBook
from tradebot.brokers.alpaca.data.quotes import OLDEST_CLOSE, Snapshot, fetch_snapshots, quote_of
from tradebot.brokers.http.api import Api
from tradebot.core.model.account import CorporateAction, MarketClock, Quote
from tradebot.core.model.exchange_time import new_york_date
from tradebot.errors import BrokerUnavailable
from tradebot.market.calendar import decision_date
from tradebot.ports import Calendar, Clock

if TYPE_CHECKING:
    from tradebot.brokers.alpaca.data.bar_cache import BarBook
    from tradebot.brokers.alpaca.data.bars import BarSource
    from tradebot.strategy_api import History

#: A fund that holds the S&P 500. Alpaca has no indices; its closes, without dividends, move as the index does.
BENCHMARK = "SPY"
#: How long after the closing bell the bar of the day is complete: trades are reported a little late.
SETTLES_AFTER = timedelta(minutes=5)
#: Sessions that are looked at for the newest one when no history was asked of before.
GLANCE = 5

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Question:
    """What a history is asked for: sessions of symbols, and the day up to which their actions are known."""

    symbols: tuple[str, ...]
    first: date
    last: date
    as_of: date


class AlpacaMarket:
    """Prices from Alpaca. Everything raises BrokerUnavailable when it cannot be had whole.

    ``feed`` is "iex" or "sip"; ``folder`` keeps what was fetched, for later runs, and may be deleted at any time. A
    quote younger than ``fresh_for`` is given again.
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
        self._actions = ActionBook(api, folder / "alpaca_actions", api.endpoint.host)
        self._newest_quotes: tuple[datetime, frozenset[str], Mapping[str, Quote]] | None = None
        self._newest_history: tuple[_Question, History] | None = None

    # --- newest prices ---------------------------------------------------------------------------

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """The newest price of each symbol that has one.

        All symbols asked about so far are asked about together, so that orders sent one after another share answers.
        """
        wanted, now = frozenset(symbols), self._clock.now()
        if not wanted:
            return {}
        asked_at, asked, quotes = self._newest_quotes or (now, frozenset[str](), {})
        if not (wanted <= asked and abs(now - asked_at) < self._fresh_for):
            asked |= wanted
            quotes = self._fetch_quotes(asked, new_york_date(now), now)
            self._newest_quotes = now, asked, quotes
        return {symbol: quotes[symbol] for symbol in wanted if symbol in quotes}

    def _fetch_quotes(self, symbols: frozenset[str], today: date, now: datetime) -> Mapping[str, Quote]:
        snapshots = fetch_snapshots(self._api, sorted(symbols), self._feed, today)
        actions = self._actions_of_late(snapshots, today, now)
        return {symbol: quote_of(snapshot, actions, today) for symbol, snapshot in snapshots.items()}

    def _actions_of_late(
        self, snapshots: Mapping[str, Snapshot], today: date, now: datetime
    ) -> tuple[CorporateAction, ...] | None:
        """The actions of the last days; None when they can't be had: then no previous close can be relied on."""
        try:
            return self._actions.late(snapshots, today - OLDEST_CLOSE, now)
        except BrokerUnavailable as error:
            _LOG.warning("no previous closes, because corporate actions cannot be read: %s", error)
            return None

    # --- history ---------------------------------------------------------------------------------

    def history(self, symbols: Sequence[str], sessions: int, clock: MarketClock) -> History:
        """The last ``sessions`` completed bars at ``clock.now``, adjusted with actions whose ex-date has come.

        Fewer rows where there are no bars at all before; a symbol without bars is all NaN. The jobs of one session
        ask the same question in turn, so the newest answer is kept, and given as the same object.
        """
        last = self._newest_over(clock)
        question = _Question(tuple(symbols), self._back_from(last, sessions), last, decision_date(clock))
        if self._newest_history is None or self._newest_history[0] != question:
            self._newest_history = (question, self._adjusted(question, clock.now))
        return self._newest_history[1]

    def _adjusted(self, question: _Question, now: datetime) -> History:
        from tradebot.brokers.alpaca.data.frames import as_history
        from tradebot.market.adjust import back_adjust

        bars = self._bars.bars(question.symbols, question.first, question.last, self._settled(now))
        actions = self._actions.since(question.first, question.symbols, now)
        return back_adjust(as_history(bars, question.symbols), actions, as_of=question.as_of)

    def known(self, symbols: Iterable[str]) -> frozenset[str]:
        """Those of ``symbols`` with a bar among those fetched for the histories, or with a newest price."""
        wanted = frozenset(symbols)
        found = wanted & self._bars.symbols_with_bars()
        return found | frozenset(self.quotes(wanted - found))

    def last_completed(self, clock: MarketClock) -> date | None:
        """The newest session whose bar is complete at ``clock.now`` and that Alpaca has bars of."""
        last = self._newest_over(clock)
        return self._bars.newest(self._back_from(last, GLANCE), last, self._settled(clock.now))

    def benchmark(self, first: date, last: date) -> Sequence[tuple[date, float]]:
        """Sessions with the closes of SPY, which holds the S&P 500, not adjusted: the price index has no dividends."""
        now = self._clock.now()
        over = [hours.session for hours in self._calendar.between(first, last) if hours.closes + SETTLES_AFTER <= now]
        return self._source.fetch([BENCHMARK], over[0], over[-1]).closes(BENCHMARK) if over else ()

    # --- announcements ---------------------------------------------------------------------------

    def upcoming_actions(self, symbols: Iterable[str], clock: MarketClock, days: int) -> tuple[CorporateAction, ...]:
        """Splits and dividends with an ex-date at most ``days`` days ahead, today's only until the opening."""
        wanted, today = frozenset(symbols), decision_date(clock)
        if not wanted:
            return ()
        opened = clock.today is not None and clock.now >= clock.today.opens
        first = today + timedelta(days=1) if opened else today
        last = today + timedelta(days=days)
        actions = self._actions.late(wanted, today - OLDEST_CLOSE, clock.now)
        return tuple(action for action in actions if first <= action.ex_date <= last)

    # --- sessions --------------------------------------------------------------------------------

    def _newest_over(self, clock: MarketClock) -> date:
        """The newest session that is over, long enough for its bar to be complete."""
        if clock.today is not None and clock.now >= clock.today.closes + SETTLES_AFTER:
            return clock.today.session
        return self._calendar.previous(decision_date(clock)).session

    def _settled(self, now: datetime) -> date:
        """The newest session whose bar will not change any more, because its day is over: late trades count too."""
        return self._calendar.previous(new_york_date(now)).session

    def _back_from(self, last: date, sessions: int) -> date:
        """The first of so many sessions that end with ``last``."""
        first = last
        for _ in range(sessions - 1):
            first = self._calendar.previous(first).session
        return first

    @cached_property
    def _source(self) -> BarSource:
        from tradebot.brokers.alpaca.data.bars import BarSource  # imports numpy, which quotes should not pay for

        return BarSource(self._api, self._feed, self._calendar)

    @cached_property
    def _bars(self) -> BarBook:
        from tradebot.brokers.alpaca.data.bar_cache import BarBook
        from tradebot.brokers.alpaca.data.bar_file import BarShelf

        label = f"{self._api.endpoint.host}, {self._feed}, raw"
        return BarBook(self._source, BarShelf(self._folder / "alpaca_bars", label, self._calendar))
