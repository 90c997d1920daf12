"""What market data over kept bars has alike, whichever broker the bars come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from tradebot.core.model.account import CorporateAction, MarketClock, Quote
from tradebot.market.bar_sessions import RECENT_SESSIONS, back_from, last_complete, last_settled
from tradebot.market.calendar import decision_date
from tradebot.ports import Calendar

if TYPE_CHECKING:
    from tradebot.strategy_api import History


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """A question for adjusted bars."""

    symbols: tuple[str, ...]
    first: date
    last: date
    as_of: date  # actions with a later ex-date are not applied


class KeptBars(Protocol):
    """The bars that are kept from one command to the next."""

    def symbols_with_bars(self) -> frozenset[str]:
        """The symbols with at least one bar."""

    def newest_session(self, first: date, last: date, settled: date) -> date | None:
        """The newest session of a span that has a bar of any symbol; None for none."""


class BarMarket(ABC):
    """Histories, and the actions of a span of days; the rest of ports.MarketData is the broker's own."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._last_history: tuple[HistoryQuery, History] | None = None

    @property
    @abstractmethod
    def _kept(self) -> KeptBars:
        """The bars that are kept."""

    @abstractmethod
    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """The newest price of each symbol that has one."""

    @abstractmethod
    def _adjusted(self, query: HistoryQuery, now: datetime) -> History:
        """The answer to a question for bars."""

    @abstractmethod
    def _announced(self, symbols: frozenset[str], first: date, clock: MarketClock) -> Iterable[CorporateAction]:
        """The actions of some symbols that are known, those with an ex-date from ``first`` on among them."""

    def history(self, symbols: Sequence[str], sessions: int, clock: MarketClock) -> History:
        """The last ``sessions`` completed bars at ``clock.now``, adjusted for actions whose ex-date has come.

        Sessions without any bar have no row; a symbol without bars is all NaN. The last result is kept, because the
        jobs of one session ask for the same, and returned as the same object.
        """
        last = last_complete(self._calendar, clock)
        query = HistoryQuery(tuple(symbols), back_from(self._calendar, last, sessions), last, decision_date(clock))
        if self._last_history is None or self._last_history[0] != query:
            self._last_history = (query, self._adjusted(query, clock.now))
        return self._last_history[1]

    def known(self, symbols: Iterable[str]) -> frozenset[str]:
        """The symbols that have a kept bar or a newest price."""
        wanted = frozenset(symbols)
        with_bars = wanted & self._kept.symbols_with_bars()
        return with_bars | frozenset(self.quotes(wanted - with_bars))

    def last_completed(self, clock: MarketClock) -> date | None:
        """The newest session whose bar is complete at ``clock.now`` and published."""
        last = last_complete(self._calendar, clock)
        return self._kept.newest_session(
            back_from(self._calendar, last, RECENT_SESSIONS), last, last_settled(self._calendar, clock.now)
        )

    def upcoming_actions(self, symbols: Iterable[str], clock: MarketClock, days: int) -> tuple[CorporateAction, ...]:
        """Actions with an ex-date at most ``days`` days ahead; today's only until the open."""
        today = decision_date(clock)
        opened = clock.today is not None and clock.now >= clock.today.opens
        first = today + timedelta(days=1) if opened else today
        return self._between(symbols, first, today + timedelta(days=days), clock)

    def actions_since(self, symbols: Iterable[str], first: date, clock: MarketClock) -> tuple[CorporateAction, ...]:
        """The actions with an ex-date from ``first`` to today."""
        return self._between(symbols, first, decision_date(clock), clock)

    def _between(
        self, symbols: Iterable[str], first: date, last: date, clock: MarketClock
    ) -> tuple[CorporateAction, ...]:
        wanted = frozenset(symbols)
        known = self._announced(wanted, first, clock) if wanted else ()
        return tuple(action for action in known if first <= action.ex_date <= last)
