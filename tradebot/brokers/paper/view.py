"""The exchange as one operation sees it, inside one transaction: where it stands, what prices it shows, the account."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from tradebot.brokers.paper.account_book import AccountBook, SessionMoment
from tradebot.brokers.paper.rules import ExchangeRules, ExchangeState, Phase
from tradebot.brokers.paper.sessions import beginning_of, hours_of
from tradebot.brokers.paper.store import Store
from tradebot.core.model.account import Asset, DayBar, Quote, SessionHours
from tradebot.core.model.values import SUB_PENNY
from tradebot.ports import Calendar


class ExchangeView:
    """One operation's view. Nothing here shows a price before its time: the bar of a session is there once it is open,
    and only its open until it is resolved.
    """

    def __init__(self, store: Store, calendar: Calendar, rules: ExchangeRules) -> None:
        self.store = store
        self.calendar = calendar
        self.rules = rules
        self.state: ExchangeState = store.state()
        self.hours: SessionHours = hours_of(self.state.session, calendar)
        self.answers: dict[Hashable, Any] = {}  # by question, of the exchange as it stands
        self._bars: dict[str, DayBar | None] = {}
        self._closes_before: dict[str, tuple[date, Decimal] | None] = {}

    @cached_property
    def book(self) -> AccountBook:
        """The account, to be worked on."""
        return self.store.book()

    # --- time ----------------------------------------------------------------------------------

    @property
    def moment(self) -> SessionMoment:
        return SessionMoment(self.state.now, self.state.session)

    def enter(self, phase: Phase, at: datetime) -> None:
        """Go on to a phase of the session."""
        self.state = replace(self.state, phase=phase, now=at)

    def begin_session(self, session: date) -> None:
        self.state = replace(self.state, session=session, phase=Phase.PRE_OPEN, now=beginning_of(session))
        self.hours = hours_of(session, self.calendar)
        self._bars.clear()
        self._closes_before.clear()

    # --- prices --------------------------------------------------------------------------------

    def bar(self, symbol: str) -> DayBar | None:
        """Today's bar; None before the open, and for a symbol that does not trade today."""
        if self.state.phase is Phase.PRE_OPEN:
            return None
        if symbol not in self._bars:
            self._bars[symbol] = self.store.prices.bar(symbol, self.state.session)
        return self._bars[symbol]

    def trading_price(self, symbol: str) -> Decimal | None:
        """The price that an order arriving now trades against; None while it has to wait."""
        if self.state.phase not in (Phase.OPEN, Phase.RESOLVED):
            return None
        bar = self.bar(symbol)
        return None if bar is None else self._newest_price(bar)

    def quote(self, symbol: str) -> Quote | None:
        """The newest price of a symbol, None before its first bar.

        A previous close is divided by the splits since, to a hundredth of a cent.
        """
        before = self._close_before(symbol)
        today = self.bar(symbol)
        if today is not None:
            at = min(self.state.now, self.hours.closes)
            return Quote(symbol, self._newest_price(today), at, before[1] if before else None)
        if before is None:
            return None
        session, close = before
        return Quote(symbol, close, hours_of(session, self.calendar).closes, close)

    def last_price(self, symbol: str) -> Decimal | None:
        """The newest price of a symbol, None before its first bar."""
        today = self.bar(symbol)
        if today is not None:
            return self._newest_price(today)
        quote = self.quote(symbol)
        return None if quote is None else quote.last

    def asset(self, symbol: str) -> Asset | None:
        """What is known of a symbol that has been listed by today. It is tradable while its bars go on."""
        listed = self.store.prices.listed_since(symbol)
        if listed is None or listed > self.state.session:
            return None
        return Asset(symbol, tradable=self._is_trading(symbol, listed), fractionable=True)

    def _newest_price(self, today: DayBar) -> Decimal:
        return today.open if self.state.phase is Phase.OPEN else today.close

    def _is_trading(self, symbol: str, listed: date) -> bool:
        if self.state.phase is not Phase.PRE_OPEN:
            return self.bar(symbol) is not None
        newest = self.store.prices.session_before(self.state.session)
        return listed == self.state.session or (
            newest is not None and self.store.prices.bar(symbol, newest) is not None
        )

    def _close_before(self, symbol: str) -> tuple[date, Decimal] | None:
        """The session of the symbol's newest bar before today, and its close on today's split basis."""
        if symbol not in self._closes_before:
            bar = self.store.prices.bar_before(symbol, self.state.session)
            self._closes_before[symbol] = None if bar is None else (bar.session, self._adjusted_close(bar))
        return self._closes_before[symbol]

    def _adjusted_close(self, bar: DayBar) -> Decimal:
        ratio = self.store.prices.split_ratio(bar.symbol, bar.session, self.state.session)
        return bar.close if ratio == 1 else (bar.close / ratio).quantize(SUB_PENNY)
