"""The embedded exchange itself: its file, its clock, its sessions."""

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
from tradebot.brokers.paper.account_book import SessionMoment
from tradebot.brokers.paper.orders import as_shown
from tradebot.brokers.paper.prices import Prices
from tradebot.brokers.paper.rules import ExchangeRules, ExchangeState, Phase
from tradebot.brokers.paper.sessions import beginning_of
from tradebot.brokers.paper.store import Store
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import CashKind, CorporateAction, Position, Quote, SessionHours
from tradebot.core.model.exchange_time import new_york_date
from tradebot.core.model.orders import BrokerOrder
from tradebot.errors import ConfigError, Problem
from tradebot.ports import Calendar, PriceSource

T = TypeVar("T")
Given = TypeVarTuple("Given")

_PREFIX = "PAPER-"
_WHERE_IT_BEGINS = "PAPER_START, or --from of a replay"


@dataclass(frozen=True, slots=True)
class ExchangeStatus:
    """Where the exchange stands, for people. Money in USD; ``sessions_left`` counts those after ``session``."""

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
    sessions_left: int


class PaperExchange:
    """A deterministic exchange over daily bars: the same operations always leave the same file.

    Its clock stands still until it is moved, goes on only within its session, and comes to the next session only when
    that is begun. Everything it knows lies in its file, so that any process may go on where another one stopped.
    Operations raise BrokerUnavailable when the file can't be read or written.
    """

    def __init__(self, store: Store, calendar: Calendar, rules: ExchangeRules) -> None:
        """Use ``open``, ``create`` or ``reset``."""
        self._store = store
        self._calendar = calendar
        self._rules = rules
        self._newest: _Versioned | None = None

    # --- the file --------------------------------------------------------------------------------

    @staticmethod
    def exists(path: Path) -> bool:
        """Whether there is an exchange in this file, sound or not."""
        return Store.holds_account(path)

    @classmethod
    def open(
        cls, path: Path, prices: PriceSource, calendar: Calendar, rules: ExchangeRules, *, durable: bool = True
    ) -> PaperExchange:
        """Go on with the exchange in this file. Bars that its prices have gained since are taken in.

        Without ``durable`` a power cut may lose the newest operations, never half of one. Raises ConfigError when
        there is no exchange, a newer version made it, or ``prices`` tell another past than it has lived through;
        BrokerUnavailable when the file is damaged or can't be used.
        """
        if not cls.exists(path):
            fix = "Put a copy of it back, or run `tradebot paper reset` to begin a new account."
            raise ConfigError([Problem(str(path), "there is no embedded exchange here", fix)])
        store = Store(path, durable=durable)
        with _closed_on_error(store):
            if _fingerprint(store) != prices.fingerprint():
                with store.transaction(writes=True):
                    store.prices.follow(prices, lived_to=store.state().session)
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
        """Make an exchange with account PAPER-0001, or the one of another ``generation``.

        One that another process has just made is opened instead.
        """
        store = Store(path, durable=durable, create=True)
        with _closed_on_error(store), store.transaction(writes=True):
            if made_here := store.is_empty:
                store.make_tables()
                store.prices.load(prices)
                _open_account(store, calendar, _first_state(store, rules, generation))
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
        """Begin a new account, numbered one higher, where a first one would begin; the old one is forgotten.

        Makes the exchange if there is none. ``known`` is the newest account that others remember, whose number is not
        given again though the file was lost. Raises as ``open`` does, save that ``prices`` may be others than before.
        """
        last = 0 if known is None else int(known.removeprefix(_PREFIX))
        if not cls.exists(path):
            return cls.create(path, prices, calendar, rules, durable=durable, generation=last + 1)
        store = Store(path, durable=durable)
        with _closed_on_error(store), store.transaction(writes=True):
            generation = max(store.state().generation, last) + 1
            store.forget_account()
            if store.prices.fingerprint() != prices.fingerprint():
                store.prices.load(prices)
            _open_account(store, calendar, _first_state(store, rules, generation))
        return cls(store, calendar, rules)

    def copy_to(self, path: Path) -> None:
        """Leave a copy of the exchange as it stands at one moment in another file."""
        self._store.copy_to(path)

    def close(self) -> None:
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
        return self.answer(_state).now

    def session(self) -> date:
        """The New York date of the session that the exchange is in."""
        return self.answer(_state).session

    def account_id(self) -> str:
        return self.answer(_state).account_id

    def hours(self) -> SessionHours:
        """The hours of the session that the exchange is in."""
        with self.reading() as floor:
            return floor.hours

    def advance_to(self, instant: datetime) -> None:
        """Let time pass up to an aware instant of the session's New York day; one that has passed changes nothing."""
        if instant.tzinfo is None:
            raise ValueError(f"{instant} says no time zone")
        with self.writing() as floor:
            if instant <= floor.state.now:
                return
            if new_york_date(instant) != floor.state.session:
                raise ValueError(
                    f"{instant} lies outside the session of {floor.state.session}; begin the next one first"
                )
            session_phases.advance(floor, instant.astimezone(UTC))

    def next_session(self) -> date:
        """End the session and begin the next, at 04:00 New York time. Raises ConfigError after the last of the data."""
        with self.writing() as floor:
            return _begin_next(floor)

    def begin_daily(self, wall_date: date) -> bool:
        """Keep step with the New York wall date: begin the next session when ``wall_date`` is a session that has not
        begun one yet, and say whether it did. An exchange whose session is untouched takes that one for its first.
        """
        if self._calendar.hours(wall_date) is None:
            return False
        with self.writing() as floor:
            if floor.state.begun_on is not None and wall_date <= floor.state.begun_on:
                return False
            untouched = floor.state.begun_on is None and floor.state.phase is Phase.PRE_OPEN
            if not untouched:
                _begin_next(floor)
            floor.state = replace(floor.state, begun_on=wall_date)
            return not untouched

    # --- what only the exchange itself does ------------------------------------------------------

    def bust(self, fill_id: str) -> None:
        """Take a fill back as if it had never been. Raises OrderRefused."""
        with self.writing() as floor:
            fill_busts.bust(floor, fill_id)

    def correct(self, fill_id: str, price: Decimal) -> None:
        """Take a fill back and fill the same shares at another price, USD a share. Raises OrderRefused."""
        with self.writing() as floor:
            fill_busts.correct(floor, fill_id, price)

    # --- looking -------------------------------------------------------------------------------

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """The newest price of each symbol that has one."""
        return self.answer(_quotes, tuple(symbols))

    def known(self, symbols: Iterable[str]) -> frozenset[str]:
        """Those of ``symbols`` that the prices have bars of, whatever their sessions."""
        with self.reading() as floor:
            return frozenset(symbol for symbol in symbols if floor.store.prices.listed_since(symbol) is not None)

    def corporate_actions(self, symbols: Iterable[str], first: date, last: date) -> tuple[CorporateAction, ...]:
        """Actions of ``symbols`` with ex-dates from ``first`` to ``last``, both included, by date, then symbol."""
        wanted = frozenset(symbols)
        with self.reading() as floor:
            actions = floor.store.prices.actions_between(first - timedelta(days=1), last)
        return tuple(action for action in actions if action.symbol in wanted)

    def symbols(self) -> tuple[str, ...]:
        """The symbols that trade in this session."""
        with self.reading() as floor:
            return floor.store.prices.symbols(floor.state.session)

    def status(self) -> ExchangeStatus:
        with self.reading() as floor:
            prices, state = floor.store.prices, floor.state
            return ExchangeStatus(
                account_id=state.account_id,
                session=state.session,
                now=state.now,
                phase=state.phase,
                cash=floor.book.cash,
                equity=buying_power.equity(floor),
                positions=buying_power.positions(floor),
                open_orders=tuple(as_shown(order, floor.book.bracket(order)) for order in floor.book.live()),
                first_session=prices.first_session() or state.session,
                last_session=prices.last_session() or state.session,
                sessions_left=prices.sessions_after(state.session),
            )

    # --- transactions ----------------------------------------------------------------------------

    def answer(self, question: Callable[[ExchangeView, *Given], T], *given: *Given) -> T:
        """What ``question``, a function of the exchange as it stands, comes to; worked out once until a change.

        What else it depends on is ``given``, in values that can be hashed.
        """
        key, newest = (question, given), self._newest
        found: T
        if newest is not None and key in newest.view.answers and newest.version == self._store.version():
            found = newest.view.answers[key]
        else:
            with self.reading() as floor:
                found = floor.answers[key] = question(floor, *given)
        return found

    @contextmanager
    def reading(self) -> Iterator[ExchangeView]:
        """The floor as it stands at one moment, to look at only: while nobody writes, every reader gets the same."""
        with self._store.transaction(writes=False):
            yield self._view()

    @contextmanager
    def writing(self) -> Iterator[ExchangeView]:
        """The floor to work on; what was done is committed at the end, or none of it after an exception.

        The next reader gets the same view after an operation that moved nothing but the clock.
        """
        try:
            with self._store.transaction(writes=True):
                floor = self._view()
                floor.answers.clear()
                yield floor
                self._store.save(floor.state, floor.book)
        except BaseException:
            self._newest = None
            raise
        if floor.book.is_touched:
            self._newest = None

    def _view(self) -> ExchangeView:
        """The view of the file as it is now. Wants to be inside a transaction."""
        version = self._store.version()
        if self._newest is None or self._newest.version != version:
            self._newest = _Versioned(version, ExchangeView(self._store, self._calendar, self._rules))
        return self._newest.view


@dataclass(frozen=True, slots=True)
class _Versioned:
    """A view of the exchange, and the version of the file that it shows."""

    version: int
    view: ExchangeView


def _state(floor: ExchangeView) -> ExchangeState:
    return floor.state


def _quotes(floor: ExchangeView, symbols: Iterable[str]) -> Mapping[str, Quote]:
    found = {symbol: floor.quote(symbol) for symbol in symbols}
    return {symbol: quote for symbol, quote in found.items() if quote is not None}


def _begin_next(floor: ExchangeView) -> date:
    session = floor.store.prices.session_after(floor.state.session)
    if session is None:
        raise ConfigError(
            [
                Problem(
                    "PAPER_DATA",
                    f"the embedded exchange has come to its last session, {floor.state.session}: the data ends there",
                    "Run `tradebot paper reset` to begin again, or add later bars to the data.",
                )
            ]
        )
    session_phases.advance(floor, max(floor.hours.closes, floor.state.now))
    session_phases.begin(floor, session)
    return session


def _open_account(store: Store, calendar: Calendar, state: ExchangeState) -> None:
    """Begin an account with its starting cash as a deposit, so that its activities explain every cent it ever holds.

    The deposit is dated at the close before the first session: it is no cash flow of that session's.
    """
    store.begin_account(state)
    before = calendar.previous(state.session)
    book = store.book()
    book.pay(CashKind.DEPOSIT, state.starting_cash, None, "starting cash", SessionMoment(before.closes, before.session))
    store.save(state, book)


def _first_state(store: Store, rules: ExchangeRules, generation: int) -> ExchangeState:
    session = _first_session(store.prices, rules)
    return ExchangeState(
        generation=generation,
        account_id=f"{_PREFIX}{generation:04d}",
        starting_cash=rules.starting_cash,
        session=session,
        now=beginning_of(session),
        phase=Phase.PRE_OPEN,
    )


def _first_session(prices: Prices, rules: ExchangeRules) -> date:
    first, last = prices.first_session(), prices.last_session()
    assert first is not None and last is not None, "prices without a bar are refused when they are taken in"
    if rules.start is None:
        return prices.session_with_behind_it(rules.warmup) or first
    if not first <= rules.start <= last:
        what = f"{rules.start} lies outside the data"
        raise ConfigError([Problem(_WHERE_IT_BEGINS, what, f"Choose a date from {first} to {last}.")])
    if not prices.is_session(rules.start):
        before, after = prices.session_before(rules.start), prices.session_after(rules.start)
        what = f"{rules.start} is no session of the data"
        raise ConfigError([Problem(_WHERE_IT_BEGINS, what, f"The nearest are {before} and {after}.")])
    return rules.start


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
