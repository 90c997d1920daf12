"""The exchange during one transaction: its state, its prices and its account."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from tradebot.brokers.paper.account_book import AccountBook, BookingTime
from tradebot.brokers.paper.rules import ExchangeRules, ExchangeState, Phase
from tradebot.brokers.paper.sessions import session_hours, session_start
from tradebot.brokers.paper.store import Store
from tradebot.core.model.account import Asset, DayBar, Quote, SessionHours
from tradebot.core.model.orders import Side
from tradebot.core.model.values import SUB_PENNY, ZERO
from tradebot.ports import Calendar


class ExchangeView:
    """The exchange at one moment. No price is visible before its time.

    The bar of a session is visible from its open on, and until its range is matched only with its open.
    """

    def __init__(self, store: Store, calendar: Calendar, rules: ExchangeRules) -> None:
        self.store = store
        self.calendar = calendar
        self.rules = rules
        self.state: ExchangeState = store.state()
        self.hours: SessionHours = session_hours(self.state.session, calendar)
        self.results: dict[Hashable, Any] = {}  # of functions of this view, by function and arguments
        self._bars: dict[str, DayBar | None] = {}
        self._previous_closes: dict[str, tuple[date, Decimal] | None] = {}

    @cached_property
    def book(self) -> AccountBook:
        """The account."""
        return self.store.book()

    # --- time ----------------------------------------------------------------------------------

    @property
    def booking_time(self) -> BookingTime:
        """The time that activities are booked with now."""
        return BookingTime(self.state.now, self.state.session)

    def enter(self, phase: Phase, at: datetime) -> None:
        """Set the phase and the clock."""
        self.state = replace(self.state, phase=phase, now=at)

    def begin_session(self, session: date) -> None:
        """Set the session, before its open."""
        self.state = replace(self.state, session=session, phase=Phase.PRE_OPEN, now=session_start(session))
        self.hours = session_hours(session, self.calendar)
        self._bars.clear()
        self._previous_closes.clear()

    def save(self) -> None:
        """Write what has changed into the file. Needs a transaction around it."""
        self.store.save(self.state, self.book)

    # --- prices --------------------------------------------------------------------------------

    def bar(self, symbol: str) -> DayBar | None:
        """Today's bar; None before the open, and for a symbol without one."""
        if self.state.phase is Phase.PRE_OPEN:
            return None
        if symbol not in self._bars:
            self._bars[symbol] = self.store.prices.bar(symbol, self.state.session)
        return self._bars[symbol]

    def traded_bar(self, symbol: str) -> DayBar | None:
        """Today's bar, as ``bar``; None also where nothing trades today, as in a halt of trading: volume 0."""
        bar = self.bar(symbol)
        return None if bar is None or bar.volume == 0 else bar

    def trading_price(self, symbol: str) -> Decimal | None:
        """The price, USD a share, that a new order is matched against; None while the symbol does not trade."""
        if self.state.phase not in (Phase.OPEN, Phase.RESOLVED):
            return None
        bar = self.traded_bar(symbol)
        return None if bar is None else self._newest_price(bar)

    def price_for(self, symbol: str, side: Side) -> Decimal | None:
        """The price, USD a share, at which an order on ``side`` meets the market; as ``trading_price``."""
        return self.trading_price(symbol)

    def volume_left(self, symbol: str) -> Decimal | None:
        """The shares of a symbol that the account may still trade in this session; None without a limit."""
        bar = self.bar(symbol)
        fillable = None if bar is None else self.rules.fillable(bar.volume)
        if fillable is None:
            return None
        traded = self.store.traded(symbol, self.state.session) + self.book.traded_quantity(symbol)
        return max(fillable - traded, ZERO)

    def quote(self, symbol: str) -> Quote | None:
        """The newest price at which a symbol traded; None before it has.

        A previous close is divided by the ratios of the splits since then, and rounded to a hundredth of a cent.
        """
        previous = self._previous_close(symbol)
        today = self.traded_bar(symbol)
        if today is not None:
            at = min(self.state.now, self.hours.closes)
            return Quote(symbol, self._newest_price(today), at, previous[1] if previous else None)
        if previous is None:
            return None
        session, close = previous
        return Quote(symbol, close, session_hours(session, self.calendar).closes, close)

    def last_price(self, symbol: str) -> Decimal | None:
        """The newest price at which a symbol traded, USD a share; None before it has."""
        today = self.traded_bar(symbol)
        if today is not None:
            return self._newest_price(today)
        quote = self.quote(symbol)
        return None if quote is None else quote.last

    def previous_close(self, symbol: str) -> Decimal | None:
        """The close of the symbol's newest session before today, USD a share on today's split basis."""
        previous = self._previous_close(symbol)
        return None if previous is None else previous[1]

    def close_of(self, symbol: str, session: date) -> Decimal | None:
        """The close of a session that is over, USD a share on its split basis; None before the symbol has traded.

        Of a symbol that did not trade in the session it is the newest close before.
        """
        newest = self.state.session if self.state.now >= self.hours.closes else self.state.session - timedelta(days=1)
        bar = self.store.prices.traded_before(symbol, session + timedelta(days=1)) if session <= newest else None
        return None if bar is None else self._adjusted_close(bar, session)

    def asset(self, symbol: str) -> Asset | None:
        """The asset, tradable while it has bars; None before its first session."""
        listed = self.store.prices.listed_since(symbol)
        if listed is None or listed > self.state.session:
            return None
        return Asset(symbol, tradable=self._is_trading(symbol, listed), fractionable=True)

    def _newest_price(self, today: DayBar) -> Decimal:
        return today.open if self.state.phase is Phase.OPEN else today.close

    def _is_trading(self, symbol: str, listed: date) -> bool:
        if self.state.phase is not Phase.PRE_OPEN:
            return self.bar(symbol) is not None
        prices, today = self.store.prices, self.state.session
        newest = prices.session_before(today)
        if newest is None or prices.bar(symbol, newest) is None:
            return listed == today
        return not prices.ends_between(symbol, newest, today)

    def _previous_close(self, symbol: str) -> tuple[date, Decimal] | None:
        """The session before today in which the symbol last traded, and its close on today's split basis."""
        if symbol not in self._previous_closes:
            today = self.state.session
            bar = self.store.prices.traded_before(symbol, today)
            self._previous_closes[symbol] = None if bar is None else (bar.session, self._adjusted_close(bar, today))
        return self._previous_closes[symbol]

    def _adjusted_close(self, bar: DayBar, session: date) -> Decimal:
        ratio = self.store.prices.split_ratio(bar.symbol, bar.session, session)
        return bar.close if ratio == 1 else (bar.close / ratio).quantize(SUB_PENNY)
