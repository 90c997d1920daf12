"""The embedded exchange at the wall clock, on the prices of a broker outside."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tradebot.brokers.paper import live_session
from tradebot.brokers.paper.exchange_file import ExchangeFile, closed_on_error
from tradebot.brokers.paper.live_session import SETTLED_AFTER, Seen
from tradebot.brokers.paper.live_view import LiveView
from tradebot.brokers.paper.marks import MARK_SCHEMA
from tradebot.brokers.paper.new_account import FIRST_ACCOUNT, new_account_id, open_account
from tradebot.brokers.paper.rules import ExchangeRules, ExchangeState, Phase
from tradebot.brokers.paper.sessions import session_start
from tradebot.brokers.paper.store import Store
from tradebot.core.model.account import CorporateAction, DayBar, MarketClock, SessionHours
from tradebot.core.model.candles import Candle
from tradebot.core.model.exchange_time import new_york_date
from tradebot.errors import BrokerUnavailable, ConfigError, Problem
from tradebot.ports import Calendar, LivePrices

#: How long a look at the prices outside serves: a few reads in a row see one moment.
FRESH_FOR = timedelta(seconds=5)
#: Looks that are taken again because another process changed the exchange meanwhile.
_ATTEMPTS = 5
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outside:
    """What an exchange at live prices goes by."""

    prices: LivePrices
    calendar: Calendar
    now: Callable[[], datetime]  # the wall clock, aware UTC


class LiveExchange(ExchangeFile):
    """An exchange that follows the wall clock. Before each operation it looks at the prices outside.

    A look is read before the transaction that books what it shows, so that no request is waited for while the file is
    locked. It serves for FRESH_FOR; an order is matched at a quote that was read for it. Where the prices can't be
    read, nothing is changed, and the operation raises BrokerUnavailable: a later look finds what happened meanwhile.
    """

    def __init__(self, store: Store, rules: ExchangeRules, outside: Outside) -> None:
        """Use ``open``, ``create`` or ``reset``."""
        super().__init__(store, outside.calendar, rules)
        self._outside = outside
        self._looked_at: datetime | None = None

    # --- the file --------------------------------------------------------------------------------

    @classmethod
    def open(cls, path: Path, rules: ExchangeRules, outside: Outside) -> LiveExchange:
        """Open the exchange in this file. Raises ConfigError when there is none, BrokerUnavailable if damaged."""
        if not cls.exists(path):
            fix = "Put a copy of it back, or run `tradebot paper reset` to begin a new account."
            raise ConfigError([Problem(str(path), "there is no embedded exchange here", fix)])
        return cls(Store(path), rules, outside)

    @classmethod
    def create(
        cls, path: Path, rules: ExchangeRules, outside: Outside, *, account_id: str = FIRST_ACCOUNT
    ) -> LiveExchange:
        """Make an exchange with one account.

        If another process has just made it, it is opened instead.
        """
        store = Store(path, create=True)
        with closed_on_error(store), store.transaction(writes=True):
            if store.is_empty:
                store.make_tables(*MARK_SCHEMA)
                open_account(store, outside.calendar, rules, account_id, _newest_session(outside))
        return cls(store, rules, outside)

    @classmethod
    def reset(
        cls, path: Path, rules: ExchangeRules, outside: Outside, *, account_id: str | None = None
    ) -> LiveExchange:
        """Replace the account by a new one, or make the exchange if there is none."""
        if not cls.exists(path):
            return cls.create(path, rules, outside, account_id=account_id or new_account_id())
        store = Store(path)
        with closed_on_error(store), store.transaction(writes=True):
            generation = store.state().generation + 1
            store.forget_account()
            session, new = _newest_session(outside), account_id or new_account_id()
            open_account(store, outside.calendar, rules, new, session, generation)
        return cls(store, rules, outside)

    # --- time and prices -------------------------------------------------------------------------

    def clock(self) -> MarketClock:
        """The wall clock, and the sessions of the exchange's calendar around it."""
        return _clock(self._outside)

    def look_at(self, *symbols: str) -> None:
        """Bring the exchange up to the present, with quotes of the symbols too. Raises BrokerUnavailable."""
        for _ in range(_ATTEMPTS):
            with self._store.transaction(writes=False):
                before = self._read_only()
                state, ours = before.state, _symbols(before)
            now = self._outside.now()
            if now < state.now or (now == state.now and not symbols):  # set back, or others have looked meanwhile
                return
            seen = self._read(state, ours, frozenset(symbols), now)
            with self._changing() as view:
                assert isinstance(view, LiveView)
                if view.state == state and _symbols(view) <= ours:
                    live_session.follow(view, seen)
                    self._looked_at = now
                    break
        else:
            raise BrokerUnavailable("the embedded exchange is changed by other processes all the time; try again.")
        self._latest = None

    def _follow(self) -> None:
        if self._looked_at is None or self._outside.now() - self._looked_at >= FRESH_FOR:
            self.look_at()

    def _read_only(self) -> LiveView:
        return LiveView(self._store, self._calendar, self._rules)

    def _new_view(self) -> LiveView:
        return self._read_only()

    # --- a look ----------------------------------------------------------------------------------

    def _read(self, state: ExchangeState, ours: frozenset[str], asked: frozenset[str], now: datetime) -> Seen:
        """Ask for what has happened since the last look to orders and positions, and for quotes. Raises
        BrokerUnavailable."""
        prices, since = self._outside.prices, state.now - SETTLED_AFTER
        first, last = state.session, _newest_session(self._outside)
        days = [day for day in self._calendar.between(first, last) if day.opens < now and day.closes > since]
        is_open = any(day.opens <= now < day.closes for day in days)
        begins = last > first or (state.phase is Phase.PRE_OPEN and bool(days))
        wanted = ours | asked if is_open else asked
        quotes = prices.quotes(sorted(wanted)) if wanted else {}
        if missing := sorted(wanted - quotes.keys()):
            _LOG.warning("no quote of %s: nothing of it is filled", ", ".join(missing))
        return Seen(
            at=now,
            quotes=quotes,
            candles=self._candles(ours, days, since, now) if ours and days else {},
            actions=self._actions(ours, first) if ours and begins else (),
        )

    def _candles(
        self, symbols: frozenset[str], days: Collection[SessionHours], since: datetime, now: datetime
    ) -> dict[str, tuple[Candle, ...]]:
        """The candles since the last look; for a session that is over and has none any more, its bar."""
        prices = self._outside.prices
        found = dict(prices.candles(sorted(symbols), since, now))
        over = {day.session: day for day in days if day.closes + SETTLED_AFTER <= now}
        missing = {symbol: over.keys() - _sessions(found.get(symbol, ())) for symbol in symbols}
        missed = set().union(*missing.values())
        if missed:
            bars = prices.day_bars(sorted(each for each in symbols if missing[each]), min(missed), max(missed))
            for symbol, all_bars in bars.items():
                whole = (_candle(bar, over[bar.session]) for bar in all_bars if bar.session in missing[symbol])
                found[symbol] = tuple(sorted((*found.get(symbol, ()), *whole), key=lambda candle: candle.begins))
        return found

    def _actions(self, symbols: frozenset[str], session: date) -> tuple[CorporateAction, ...]:
        first = self._calendar.previous(session).session + timedelta(days=1)
        return self._outside.prices.actions_since(sorted(symbols), first, self.clock())


def _symbols(view: LiveView) -> frozenset[str]:
    """The symbols of the live orders and the positions."""
    held = {symbol for symbol, position in view.book.positions.items() if position.quantity}
    return frozenset(held | {order.symbol for order in view.book.live_orders()})


def _sessions(candles: Iterable[Candle]) -> set[date]:
    return {new_york_date(candle.begins) for candle in candles}


def _candle(bar: DayBar, day: SessionHours) -> Candle:
    return Candle(day.opens, day.closes, bar.open, bar.high, bar.low, bar.close, bar.volume)


def _newest_session(outside: Outside) -> date:
    """The newest session that has begun by now."""
    now = outside.now()
    today = new_york_date(now)
    if outside.calendar.hours(today) is not None and session_start(today) <= now:
        return today
    return outside.calendar.previous(today).session


def _clock(outside: Outside) -> MarketClock:
    now, calendar = outside.now().astimezone(UTC), outside.calendar
    day = new_york_date(now)
    today = calendar.hours(day)
    return MarketClock(
        now=now,
        is_open=today is not None and today.opens <= now < today.closes,
        today=today,
        previous=calendar.previous(day),
        upcoming=calendar.following(day),
    )
