"""The embedded exchange: its file, its clock, its sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import TypeVar, TypeVarTuple

from tradebot.brokers.paper import buying_power, fill_busts, session_phases
from tradebot.brokers.paper.new_account import generation_of, open_account
from tradebot.brokers.paper.orders import as_broker_order
from tradebot.brokers.paper.rules import ExchangeRules, ExchangeState, Phase
from tradebot.brokers.paper.store import Store
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import CorporateAction, Position, Quote, SessionHours
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.orders import BrokerOrder
from tradebot.errors import ConfigError, Problem
from tradebot.ports import Calendar, PriceSource

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


@dataclass(frozen=True, slots=True)
class ExchangeStatus:
    """The state of the exchange, for people. Money in USD."""

    account_id: str
    session: date
    now: datetime
    phase: Phase
    cash: Decimal
    equity: Decimal
    positions: tuple[Position, ...]
    open_orders: tuple[BrokerOrder, ...]
    first_session: date
    last_session: date
    sessions_left: int  # sessions after ``session``


class PaperExchange:
    """A deterministic exchange over daily bars: the same operations leave the same file.

    The clock moves only when it is advanced, within the session, and the next session begins only when it is begun. The
    whole state is in the file, so that any process continues where another one stopped. Every method raises
    BrokerUnavailable when the file cannot be read or written.
    """

    def __init__(self, store: Store, calendar: Calendar, rules: ExchangeRules) -> None:
        """Use ``open``, ``create`` or ``reset``."""
        self._store = store
        self._calendar = calendar
        self._rules = rules
        self._latest: _VersionedView | None = None

    @property
    def rules(self) -> ExchangeRules:
        """The rules that it was opened with."""
        return self._rules

    # --- the file --------------------------------------------------------------------------------

    @staticmethod
    def exists(path: Path) -> bool:
        """Whether the file has an exchange. A damaged file counts."""
        return Store.holds_account(path)

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
        with _closed_on_error(store):
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
        generation: int = 1,
    ) -> PaperExchange:
        """Make an exchange with the account PAPER-0001, or with the number ``generation``.

        If another process has just made it, it is opened instead.
        """
        store = Store(path, durable=durable, create=True)
        with _closed_on_error(store), store.transaction(writes=True):
            if made_here := store.is_empty:
                store.make_tables()
                store.prices.load(prices)
                open_account(store, calendar, rules, generation)
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
        known: str | None = None,
    ) -> PaperExchange:
        """Replace the account by a new one with the next number, which begins where a first one would.

        Makes the exchange if there is none. ``known`` is the newest account that the ledger knows: its number is not
        used again, even if the file was lost. ``prices`` may differ from before. Raises as ``open``.
        """
        last = 0 if known is None else generation_of(known)
        if not cls.exists(path):
            return cls.create(path, prices, calendar, rules, durable=durable, generation=last + 1)
        store = Store(path, durable=durable)
        with _closed_on_error(store), store.transaction(writes=True):
            generation = max(store.state().generation, last) + 1
            store.forget_account()
            if store.prices.fingerprint() != prices.fingerprint():
                store.prices.load(prices)
            open_account(store, calendar, rules, generation)
        return cls(store, calendar, rules)

    def copy_to(self, path: Path) -> None:
        """Copy the exchange, as it is at one moment, to another file."""
        self._store.copy_to(path)

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def __enter__(self) -> PaperExchange:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # --- the clock -----------------------------------------------------------------------------

    def now(self) -> datetime:
        """The exchange's time, aware UTC."""
        return self.compute(_state).now

    def session(self) -> date:
        """The New York date of the current session."""
        return self.compute(_state).session

    def account_id(self) -> str:
        """The id of the account: "PAPER-0001"."""
        return self.compute(_state).account_id

    def hours(self) -> SessionHours:
        """The hours of the current session."""
        with self.reading() as view:
            return view.hours

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

    # --- reads ---------------------------------------------------------------------------------

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
            prices, state = view.store.prices, view.state
            return ExchangeStatus(
                account_id=state.account_id,
                session=state.session,
                now=state.now,
                phase=state.phase,
                cash=view.book.cash,
                equity=buying_power.equity(view),
                positions=buying_power.positions(view),
                open_orders=tuple(
                    as_broker_order(order, view.book.bracket(order)) for order in view.book.live_orders()
                ),
                first_session=prices.first_session() or state.session,
                last_session=prices.last_session() or state.session,
                sessions_left=prices.sessions_after(state.session),
            )

    # --- transactions ----------------------------------------------------------------------------

    def compute(self, function: Callable[[ExchangeView, *Arguments], T], *arguments: *Arguments) -> T:
        """The result of ``function`` on the exchange now. It is computed once until the exchange changes.

        ``function`` is a pure function of the view and of ``arguments``, which are hashable.
        """
        key, latest = (function, arguments), self._latest
        result: T
        if latest is not None and key in latest.view.results and latest.version == self._store.version():
            result = latest.view.results[key]
        else:
            with self.reading() as view:
                result = view.results[key] = function(view, *arguments)
        return result

    @contextmanager
    def reading(self) -> Iterator[ExchangeView]:
        """A view to read only. Until the file changes every reader gets the same one."""
        with self._store.transaction(writes=False):
            yield self._view()

    @contextmanager
    def writing(self) -> Iterator[ExchangeView]:
        """A view to change. Its changes are committed at the end, or rolled back after an exception.

        If only the clock has moved, the next reader gets the same view.
        """
        try:
            with self._store.transaction(writes=True):
                view = self._view()
                view.results.clear()
                yield view
                self._store.save(view.state, view.book)
        except BaseException:
            self._latest = None
            raise
        if view.book.is_touched:
            self._latest = None

    def _view(self) -> ExchangeView:
        """The view of the file as it is now. Needs a transaction around it."""
        version = self._store.version()
        if self._latest is None or self._latest.version != version:
            self._latest = _VersionedView(version, ExchangeView(self._store, self._calendar, self._rules))
        return self._latest.view


@dataclass(frozen=True, slots=True)
class _VersionedView:
    version: int  # of the file that the view shows
    view: ExchangeView


def _state(view: ExchangeView) -> ExchangeState:
    return view.state


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


@contextmanager
def _closed_on_error(store: Store) -> Iterator[None]:
    try:
        yield
    except BaseException:
        store.close()
        raise
