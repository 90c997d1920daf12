"""The embedded exchange over daily bars: the making of its file, its clock, its sessions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tradebot.brokers.paper import fill_busts, session_phases
from tradebot.brokers.paper.exchange_file import ExchangeFile, ExchangeStatus, account_status, closed_on_error
from tradebot.brokers.paper.new_account import FIRST_ACCOUNT, first_session, new_account_id, open_account
from tradebot.brokers.paper.rules import ExchangeRules, Phase
from tradebot.brokers.paper.sessions import session_hours
from tradebot.brokers.paper.store import Store
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import CorporateAction, MarketClock, Quote
from tradebot.core.model.exchange_time import new_york_date
from tradebot.errors import ConfigError, Problem
from tradebot.ports import Calendar, PriceSource


class PaperExchange(ExchangeFile):
    """A deterministic exchange over daily bars: the same operations leave the same file.

    The clock moves only when it is advanced, within the session, and the next session begins only when it is begun.
    """

    # --- the file --------------------------------------------------------------------------------

    @classmethod
    def open(
        cls, path: Path, prices: PriceSource, calendar: Calendar, rules: ExchangeRules, *, durable: bool = True
    ) -> PaperExchange:
        """Open the exchange in this file. New bars of ``prices`` are copied into it.

        Without ``durable`` a power cut may lose the newest transactions, never half of one. Raises ConfigError when
        there is no exchange, a newer version made it, or ``prices`` differ from the sessions that it has passed;
        BrokerUnavailable when the file is damaged or cannot be used.
        """
        if not cls.exists(path):
            fix = "Put a copy of it back, or run `tradebot paper reset` to begin a new account."
            raise ConfigError([Problem(str(path), "there is no embedded exchange here", fix)])
        store = Store(path, durable=durable)
        with closed_on_error(store):
            if _fingerprint(store) != prices.fingerprint():
                with store.transaction(writes=True):
                    store.prices.extend(prices, until=store.state().session)
        return cls(store, calendar, rules)

    @classmethod
    def create(
        cls,
        path: Path,
        prices: PriceSource,
        calendar: Calendar,
        rules: ExchangeRules,
        *,
        durable: bool = True,
        account_id: str = FIRST_ACCOUNT,
    ) -> PaperExchange:
        """Make an exchange with one account.

        If another process has just made it, it is opened instead.
        """
        store = Store(path, durable=durable, create=True)
        with closed_on_error(store), store.transaction(writes=True):
            if made_here := store.is_empty:
                store.make_tables()
                store.prices.load(prices)
                open_account(store, calendar, rules, account_id, first_session(store.prices, rules))
        if made_here:
            return cls(store, calendar, rules)
        store.close()
        return cls.open(path, prices, calendar, rules, durable=durable)

    @classmethod
    def reset(
        cls,
        path: Path,
        prices: PriceSource,
        calendar: Calendar,
        rules: ExchangeRules,
        *,
        durable: bool = True,
        account_id: str | None = None,
    ) -> PaperExchange:
        """Replace the account by a new one, which begins where a first one would.

        Makes the exchange if there is none. ``prices`` may differ from before. Raises as ``open``.
        """
        if not cls.exists(path):
            return cls.create(path, prices, calendar, rules, durable=durable, account_id=account_id or new_account_id())
        store = Store(path, durable=durable)
        with closed_on_error(store), store.transaction(writes=True):
            generation = store.state().generation + 1
            store.forget_account()
            if store.prices.fingerprint() != prices.fingerprint():
                store.prices.load(prices)
            session = first_session(store.prices, rules)
            open_account(store, calendar, rules, account_id or new_account_id(), session, generation)
        return cls(store, calendar, rules)

    # --- the clock -----------------------------------------------------------------------------

    def clock(self) -> MarketClock:
        """The exchange's time and the sessions around it. Its sessions are the dates of its data."""
        return self.compute(_clock)

    def look_at(self, *symbols: str) -> None:
        """Do nothing: the prices move with the clock alone."""

    def advance_to(self, instant: datetime) -> None:
        """Advance the clock to an aware instant of the session's New York date; an earlier instant changes nothing.

        Raises ValueError for an instant without a time zone or of another date.
        """
        if instant.tzinfo is None:
            raise ValueError(f"{instant} says no time zone")
        with self.writing() as view:
            if instant <= view.state.now:
                return
            if new_york_date(instant) != view.state.session:
                raise ValueError(
                    f"{instant} lies outside the session of {view.state.session}; begin the next one first"
                )
            session_phases.advance_session(view, instant.astimezone(UTC))

    def next_session(self) -> date:
        """End the session and begin the next at 04:00 New York time. Raises ConfigError after the last session."""
        with self.writing() as view:
            return _begin_next(view)

    def begin_daily(self, wall_date: date) -> bool:
        """Begin one session for each New York date on the wall that is a session. Return whether one was begun.

        A session that nothing has happened in serves as the session of the first such date.
        """
        if self._calendar.hours(wall_date) is None:
            return False
        with self.writing() as view:
            if view.state.begun_on is not None and wall_date <= view.state.begun_on:
                return False
            untouched = view.state.begun_on is None and view.state.phase is Phase.PRE_OPEN
            if not untouched:
                _begin_next(view)
            view.state = replace(view.state, begun_on=wall_date)
            return not untouched

    # --- busts and corrections -------------------------------------------------------------------

    def bust(self, fill_id: str) -> None:
        """Reverse a fill. Raises OrderRefused."""
        with self.writing() as view:
            fill_busts.bust(view, fill_id)

    def correct(self, fill_id: str, price: Decimal) -> None:
        """Reverse a fill and book the same shares at another price, USD a share. Raises OrderRefused."""
        with self.writing() as view:
            fill_busts.correct(view, fill_id, price)

    # --- prices ---------------------------------------------------------------------------------

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """The newest price of each symbol that has one."""
        return self.compute(_quotes, tuple(symbols))

    def closes(self, symbols: Iterable[str], session: date) -> Mapping[str, Decimal]:
        """The closing price of each symbol in a session that is over, USD a share, as positions are valued then."""
        with self.reading() as view:
            found = {symbol: view.close_of(symbol, session) for symbol in symbols}
        return {symbol: close for symbol, close in found.items() if close is not None}

    def known(self, symbols: Iterable[str]) -> frozenset[str]:
        """The symbols that have a bar in any session."""
        with self.reading() as view:
            return frozenset(symbol for symbol in symbols if view.store.prices.listed_since(symbol) is not None)

    def corporate_actions(self, symbols: Iterable[str], first: date, last: date) -> tuple[CorporateAction, ...]:
        """Actions of ``symbols`` with ex-dates from ``first`` to ``last``, both included, by date, then symbol."""
        wanted = frozenset(symbols)
        with self.reading() as view:
            actions = view.store.prices.actions_between(first - timedelta(days=1), last)
        return tuple(action for action in actions if action.symbol in wanted)

    def symbols(self) -> tuple[str, ...]:
        """The symbols with a bar in the current session, in order."""
        with self.reading() as view:
            return view.store.prices.symbols(view.state.session)

    def status(self) -> ExchangeStatus:
        """The state of the exchange, for people."""
        with self.reading() as view:
            prices, session = view.store.prices, view.state.session
            return replace(
                account_status(view),
                first_session=prices.first_session() or session,
                last_session=prices.last_session() or session,
                sessions_left=prices.sessions_after(session),
            )

    def last_session(self) -> date:
        """The last session of the daily bars."""
        with self.reading() as view:
            return view.store.prices.last_session() or view.state.session

    def _follow(self) -> None:
        """Do nothing: it moves when it is told to."""

    def _new_view(self) -> ExchangeView:
        return ExchangeView(self._store, self._calendar, self._rules)


def _clock(view: ExchangeView) -> MarketClock:
    prices, today = view.store.prices, view.hours
    previous = prices.session_before(today.session)
    upcoming = prices.session_after(today.session)
    return MarketClock(
        now=view.state.now,
        is_open=today.opens <= view.state.now < today.closes,
        today=today,
        previous=None if previous is None else session_hours(previous, view.calendar),
        upcoming=None if upcoming is None else session_hours(upcoming, view.calendar),
    )


def _quotes(view: ExchangeView, symbols: Iterable[str]) -> Mapping[str, Quote]:
    found = {symbol: view.quote(symbol) for symbol in symbols}
    return {symbol: quote for symbol, quote in found.items() if quote is not None}


def _begin_next(view: ExchangeView) -> date:
    session = view.store.prices.session_after(view.state.session)
    if session is None:
        raise ConfigError(
            [
                Problem(
                    "PAPER_DATA",
                    f"the embedded exchange has come to its last session, {view.state.session}: the data ends there",
                    "Run `tradebot paper reset` to begin again, or add later bars to the data.",
                )
            ]
        )
    session_phases.advance_session(view, max(view.hours.closes, view.state.now))
    session_phases.begin_session(view, session)
    return session


def _fingerprint(store: Store) -> str | None:
    with store.transaction(writes=False):
        return store.prices.fingerprint()
