"""The file of an embedded exchange, read and changed in transactions. Who sets its clock is said by its subclasses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, TypeVarTuple

from tradebot.brokers.paper import buying_power
from tradebot.brokers.paper.orders import as_broker_order
from tradebot.brokers.paper.rules import ExchangeRules, ExchangeState, Phase
from tradebot.brokers.paper.store import Store
from tradebot.brokers.paper.view import ExchangeView
from tradebot.core.model.account import MarketClock, Position, SessionHours
from tradebot.core.model.orders import BrokerOrder
from tradebot.ports import Calendar

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


@dataclass(frozen=True, slots=True)
class ExchangeStatus:
    """The state of an exchange and its account, for people. Money in USD."""

    account_id: str
    session: date
    now: datetime
    phase: Phase
    cash: Decimal
    equity: Decimal
    positions: tuple[Position, ...]
    open_orders: tuple[BrokerOrder, ...]
    first_session: date | None = None  # of the daily bars, as the next; None at live prices, which go on
    last_session: date | None = None
    sessions_left: int | None = None  # sessions after ``session``


class ExchangeFile(ABC):
    """An exchange whose whole state is in its file, so that any process continues where another one stopped.

    Every method raises BrokerUnavailable when the file cannot be read or written.
    """

    def __init__(self, store: Store, calendar: Calendar, rules: ExchangeRules) -> None:
        """Use the constructors of the subclasses that open or make the file."""
        self._store = store
        self._calendar = calendar
        self._rules = rules
        self._latest: _VersionedView | None = None

    @property
    def rules(self) -> ExchangeRules:
        """The rules that it was opened with."""
        return self._rules

    @staticmethod
    def exists(path: Path) -> bool:
        """Whether the file has an exchange. A damaged file counts."""
        return Store.holds_account(path)

    def copy_to(self, path: Path) -> None:
        """Copy the exchange, as it is at one moment, to another file."""
        self._store.copy_to(path)

    def close(self) -> None:
        """Close the file."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # --- time and prices -------------------------------------------------------------------------

    @abstractmethod
    def clock(self) -> MarketClock:
        """The exchange's time and the sessions around it."""

    @abstractmethod
    def look_at(self, *symbols: str) -> None:
        """Bring the prices of the symbols up to date, before an order for them is checked."""

    # --- reads ---------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The exchange's time, aware UTC."""
        return self.compute(_state).now

    def session(self) -> date:
        """The New York date of the current session."""
        return self.compute(_state).session

    def account_id(self) -> str:
        """The id of the account: "PAPER-7KQ2M4XA"."""
        return self.compute(_state).account_id

    def hours(self) -> SessionHours:
        """The hours of the current session."""
        with self.reading() as view:
            return view.hours

    def status(self) -> ExchangeStatus:
        """The state of the exchange, for people."""
        with self.reading() as view:
            return account_status(view)

    # --- transactions ----------------------------------------------------------------------------

    def compute(self, function: Callable[[ExchangeView, *Arguments], T], *arguments: *Arguments) -> T:
        """The result of ``function`` on the exchange now. It is computed once until the exchange changes.

        ``function`` is a pure function of the view and of ``arguments``, which are hashable.
        """
        self._follow()
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
        self._follow()
        with self._store.transaction(writes=False):
            yield self._view()

    @contextmanager
    def writing(self) -> Iterator[ExchangeView]:
        """A view to change. Its changes are committed at the end, or rolled back after an exception.

        If only the clock has moved, the next reader gets the same view.
        """
        self._follow()
        with self._changing() as view:
            yield view

    @contextmanager
    def _changing(self) -> Iterator[ExchangeView]:
        """A view to change, as ``writing``, of the exchange as it is in the file."""
        try:
            with self._store.transaction(writes=True):
                view = self._view()
                view.results.clear()
                yield view
                view.save()
        except BaseException:
            self._latest = None
            raise
        if view.book.is_touched:
            self._latest = None

    @abstractmethod
    def _follow(self) -> None:
        """Bring the exchange up to the present, where it goes by a clock and by prices outside."""

    @abstractmethod
    def _new_view(self) -> ExchangeView:
        """The view of the file, read anew."""

    def _view(self) -> ExchangeView:
        """The view of the file as it is now. Needs a transaction around it."""
        version = self._store.version()
        if self._latest is None or self._latest.version != version:
            self._latest = _VersionedView(version, self._new_view())
        return self._latest.view


@contextmanager
def closed_on_error(store: Store) -> Iterator[None]:
    """Close the file when what follows fails."""
    try:
        yield
    except BaseException:
        store.close()
        raise


@dataclass(frozen=True, slots=True)
class _VersionedView:
    version: int  # of the file that the view shows
    view: ExchangeView


def account_status(view: ExchangeView) -> ExchangeStatus:
    """The state of the exchange in a view, for people."""
    state = view.state
    return ExchangeStatus(
        account_id=state.account_id,
        session=state.session,
        now=state.now,
        phase=state.phase,
        cash=view.book.cash,
        equity=buying_power.equity(view),
        positions=buying_power.positions(view),
        open_orders=tuple(as_broker_order(order, view.book.bracket(order)) for order in view.book.live_orders()),
    )


def _state(view: ExchangeView) -> ExchangeState:
    return view.state
