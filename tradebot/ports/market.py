"""The exchange's time and prices, and the broker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from tradebot.core.model.account import (
    AccountDay,
    AccountSnapshot,
    Activity,
    Asset,
    CorporateAction,
    DayBar,
    MarketClock,
    Permissions,
    Position,
    Quote,
    SessionHours,
)
from tradebot.core.model.orders import BrokerOrder, OrderRequest

if TYPE_CHECKING:
    from tradebot.strategy_api import History


class Clock(Protocol):
    """Time as the jobs see it. On the embedded exchange ``now`` is the exchange's own persisted time."""

    def now(self) -> datetime:
        """The desk's time, aware UTC: what decisions and rows are stamped with."""
        ...

    def wall(self) -> datetime:
        """The machine's time, aware UTC: for the wall-clock columns of runs only."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait between two looks at the broker; returns at once where nothing is gained by waiting."""
        ...


class Calendar(Protocol):
    """The exchange's own calendar: holidays, half days and daylight saving included."""

    def hours(self, day: date) -> SessionHours | None:
        """The session on a New York date, or None when the exchange is closed all day."""
        ...

    def previous(self, day: date) -> SessionHours:
        """The newest session before ``day``."""
        ...

    def following(self, day: date) -> SessionHours:
        """The first session after ``day``."""
        ...

    def between(self, first: date, last: date) -> tuple[SessionHours, ...]:
        """The sessions from ``first`` to ``last``, both included, in order."""
        ...


class PriceSource(Protocol):
    """A file of daily bars and corporate actions that the embedded exchange trades on."""

    def fingerprint(self) -> str:
        """Changes whenever the file does; cheap, reads no bar."""
        ...

    def bars(self) -> Iterable[DayBar]:
        """Every bar, by session, then symbol. Raises ConfigError, with every problem, when the file is not sound."""
        ...

    def actions(self) -> tuple[CorporateAction, ...]:
        """Every split and dividend, by ex-date, then symbol."""
        ...


class Broker(Protocol):
    """One account at one broker.

    Reads raise BrokerUnavailable when they fail or are incomplete: an empty answer means empty. Writes raise
    OrderRefused (the broker said no), BrokerUnavailable (it certainly did not arrive) or OutcomeUnknown.
    """

    @property
    def name(self) -> str: ...

    @property
    def mode(self) -> str:
        """``paper`` or ``live``."""
        ...

    def clock(self) -> MarketClock: ...

    def account(self) -> AccountSnapshot: ...

    def permissions(self) -> Permissions: ...

    def days(self, first: date, last: date) -> tuple[AccountDay, ...]:
        """The sessions from ``first`` to ``last``, both included, that the broker's books tell of, in order."""
        ...

    def positions(self) -> tuple[Position, ...]: ...

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        """Every live order, flat: bracket legs appear as orders of their own, held ones included."""
        ...

    def order(self, client_order_id: str) -> BrokerOrder | None:
        """The order with this id, its legs in ``legs``, or None when the broker surely has none."""
        ...

    def orders(self, client_order_ids: Iterable[str]) -> Mapping[str, BrokerOrder]:
        """The orders with these ids, as ``order`` gives each, in few requests; absent are those it surely has not."""
        ...

    def submit(self, request: OrderRequest) -> BrokerOrder: ...

    def cancel(self, broker_order_id: str) -> None:
        """Ask for a cancel. It has happened only when the order is seen terminal; OrderRefused when it is already."""
        ...

    def cancel_all(self) -> None:
        """Ask in one request for a cancel of every live order of the account, whoever sent it; as ``cancel``."""
        ...

    def replace(self, broker_order_id: str, request: OrderRequest) -> BrokerOrder:
        """Change quantity and prices of a resting order without a moment in which neither rests.

        The answer is the order that now rests, under ``request.client_order_id``; the old one ends REPLACED.
        """
        ...

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        """Fills, cash movements and splits since the activity with id ``after`` (None: all of them), in order."""
        ...

    def late_activities(self, after: str, is_known: Callable[[str], bool]) -> tuple[Activity, ...]:
        """What belongs shortly before the activity ``after`` and is not known, by its id: it came in later than that.

        Asked right after ``activities``, it tells of the same look at the account.
        """
        ...

    def assets(self, symbols: Iterable[str]) -> Mapping[str, Asset]:
        """What the broker knows of each symbol; symbols it does not know are absent."""
        ...


class MarketData(Protocol):
    """Prices. Frames carry floats for strategies; quotes carry Decimals for decisions."""

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """The newest price of each symbol that has one."""
        ...

    def history(self, symbols: Sequence[str], sessions: int, clock: MarketClock) -> History:
        """The last ``sessions`` completed bars at ``clock.now``, adjusted with actions whose ex-date has come."""
        ...

    def known(self, symbols: Iterable[str]) -> frozenset[str]:
        """Those of ``symbols`` that there are bars of, whatever their sessions."""
        ...

    def last_completed(self, clock: MarketClock) -> date | None:
        """The newest session whose bar is complete at ``clock.now``."""
        ...

    def benchmark(self, first: date, last: date) -> Sequence[tuple[date, float]]:
        """Sessions from ``first`` to ``last``, both included, each with the S&P 500's close; may be empty."""
        ...

    def upcoming_actions(self, symbols: Iterable[str], clock: MarketClock, days: int) -> tuple[CorporateAction, ...]:
        """Announced splits and dividends of these symbols whose ex-date lies in the next ``days`` days."""
        ...
