"""Ports of the market: clock, calendar, prices, and the broker. Instants are aware UTC, sessions New York dates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from tradebot.core.model.account import (
    AccountDay,
    AccountSnapshot,
    Activity,
    Asset,
    CalendarDay,
    CorporateAction,
    DayBar,
    MarketClock,
    Permissions,
    Position,
    Quote,
    SessionHours,
    UnreadActivity,
)
from tradebot.core.model.candles import Candle
from tradebot.core.model.capabilities import Capabilities
from tradebot.core.model.orders import BrokerOrder, OrderRequest

if TYPE_CHECKING:
    from tradebot.strategy_api import History


class Clock(Protocol):
    """The time of a desk. At the embedded exchange ``now`` is the exchange's own persisted time."""

    def now(self) -> datetime:
        """The desk's time, for decisions and rows."""
        ...

    def wall(self) -> datetime:
        """The machine's time, for wall-clock columns only."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait between two reads of the broker. Returns at once where waiting changes nothing."""
        ...


class Calendar(Protocol):
    """The exchange's calendar, with holidays, half days and daylight saving."""

    def hours(self, day: date) -> SessionHours | None:
        """The session on a New York date; None when the exchange is closed all day."""
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


class CorrectableCalendar(Calendar, Protocol):
    """A calendar in which the broker's word wins for single days."""

    def correct(self, days: Iterable[CalendarDay]) -> None:
        """Go by ``days`` from now on, whatever was said of them before."""
        ...

    def corrections(self, first: date) -> tuple[CalendarDay, ...]:
        """The corrected days from ``first`` on that differ from the installed calendar, in order."""
        ...


class PriceSource(Protocol):
    """A file of daily bars and corporate actions for the embedded exchange."""

    def fingerprint(self) -> str:
        """A text that changes whenever the file does. It is cheap and reads no bar."""
        ...

    def bars(self) -> Iterable[DayBar]:
        """Every bar, by session, then symbol. Raises ConfigError with every problem of an invalid file."""
        ...

    def actions(self) -> tuple[CorporateAction, ...]:
        """Every split and dividend, by ex-date, then symbol."""
        ...


class Broker(Protocol):
    """One account at one broker.

    A read raises BrokerUnavailable when it fails or is incomplete; an empty result means that there is nothing. A write
    raises OrderRefused (the broker refused it), BrokerUnavailable (it certainly did not arrive) or OutcomeUnknown (it
    may have arrived).
    """

    @property
    def name(self) -> str:
        """The broker's name in BROKER."""
        ...

    @property
    def mode(self) -> str:
        """``paper`` or ``live``."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What the broker can do. A write that it can't do raises OrderRefused."""
        ...

    def clock(self) -> MarketClock:
        """The broker's clock and its sessions around now."""
        ...

    def account(self) -> AccountSnapshot:
        """The account's balances."""
        ...

    def permissions(self) -> Permissions:
        """What the account's configuration at the broker permits."""
        ...

    def days(self, first: date, last: date) -> tuple[AccountDay, ...]:
        """The sessions from ``first`` to ``last``, both included, that the broker has records of, in order."""
        ...

    def positions(self) -> tuple[Position, ...]:
        """Every open position, foreign ones included."""
        ...

    def open_orders(self) -> tuple[BrokerOrder, ...]:
        """Every live order of the account. Bracket legs, held ones too, are listed as separate orders."""
        ...

    def order(self, client_order_id: str) -> BrokerOrder | None:
        """The order with this id, its legs in ``legs``; None when the broker has none.

        A broker that can't find an order for certain by its id may have one all the same (``finds_by_id``).
        """
        ...

    def orders(self, client_order_ids: Iterable[str]) -> Mapping[str, BrokerOrder]:
        """The orders by id, each as ``order`` gives it, in few requests. Ids without an order are absent."""
        ...

    def client_order_ids(self) -> frozenset[str]:
        """The client_order_id of every order that the broker still tells of, ended ones and legs included."""
        ...

    def wait_to_send(self) -> None:
        """Wait until its rate limit lets a request through. Raises BrokerUnavailable where that takes too long."""
        ...

    def submit(self, request: OrderRequest) -> BrokerOrder:
        """Send an order. Raises AlreadySent when the broker has one with its client_order_id (``finds_by_id``)."""
        ...

    def cancel(self, broker_order_id: str) -> None:
        """Request a cancel, which is complete once the order is terminal.

        Raises OrderRefused when the order is terminal already.
        """
        ...

    def cancel_all(self) -> None:
        """Request a cancel of every live order of the account, foreign ones too, in one request.

        Raises OrderRefused when an order was not cancelled.
        """
        ...

    def replace(self, broker_order_id: str, request: OrderRequest) -> BrokerOrder:
        """Change quantity and prices of a resting order, without a moment in which no order rests.

        Returns the order that rests now, under ``request.client_order_id``. The old order ends REPLACED.
        """
        ...

    def activities(self, after: str | None) -> tuple[Activity, ...]:
        """The activities after the one with id ``after``, in order; all of them for None."""
        ...

    def late_activities(self, after: str, is_known: Callable[[str], bool]) -> tuple[Activity, ...]:
        """The activities of the days before ``after`` whose ids are not known: the broker reported them late.

        Called right after ``activities``, it uses the same read of the account.
        """
        ...

    def unread_activities(self) -> tuple[UnreadActivity, ...]:
        """The rows that the last ``activities``, and ``late_activities`` after it, could not read as activities."""
        ...

    def assets(self, symbols: Iterable[str]) -> Mapping[str, Asset]:
        """The assets by symbol. Symbols that the broker does not know are absent."""
        ...


class MarketData(Protocol):
    """Prices: frames of floats for strategies, quotes of Decimals for decisions."""

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """The newest quote of each symbol. A symbol without one is absent."""
        ...

    def history(self, symbols: Sequence[str], sessions: int, clock: MarketClock) -> History:
        """The last ``sessions`` completed bars at ``clock.now``, adjusted by the actions whose ex-date has come."""
        ...

    def known(self, symbols: Iterable[str]) -> frozenset[str]:
        """Those of ``symbols`` that have a bar of any session."""
        ...

    def last_completed(self, clock: MarketClock) -> date | None:
        """The newest session whose bar is complete at ``clock.now``."""
        ...

    def benchmark(self, first: date, last: date) -> Sequence[tuple[date, float]]:
        """Sessions from ``first`` to ``last``, both included, each with the S&P 500's close; may be empty."""
        ...

    def closes(self, symbols: Iterable[str], session: date) -> Mapping[str, Decimal]:
        """The closing prices of a session that is over, unadjusted, USD a share. A symbol without one is absent."""
        ...

    def upcoming_actions(self, symbols: Iterable[str], clock: MarketClock, days: int) -> tuple[CorporateAction, ...]:
        """The announced actions of ``symbols`` with an ex-date at most ``days`` days ahead.

        Those of today are included until the open.
        """
        ...

    def actions_since(self, symbols: Iterable[str], first: date, clock: MarketClock) -> tuple[CorporateAction, ...]:
        """The announced actions of ``symbols`` with an ex-date from ``first`` to the session of ``clock``, by ex-date.

        A name change, a merger and a spin-off are listed under the old symbol, the acquired one and the parent's.
        """
        ...


class LivePrices(Protocol):
    """Prices as they come, for an embedded exchange at the wall clock. None is adjusted: all are as they were traded.

    Every read raises BrokerUnavailable when it fails or is incomplete. A symbol that the source does not know is
    absent.
    """

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """The newest quote of each symbol that has one."""
        ...

    def candles(self, symbols: Iterable[str], since: datetime, until: datetime) -> Mapping[str, tuple[Candle, ...]]:
        """The candles of regular sessions that overlap the time from ``since`` to ``until``, in order.

        What is older than the source keeps candles for is left out. The last candle may still be running.
        """
        ...

    def day_bars(self, symbols: Iterable[str], first: date, last: date) -> Mapping[str, tuple[DayBar, ...]]:
        """The bars of the completed sessions from ``first`` to ``last``, both included, in order."""
        ...

    def actions_since(self, symbols: Iterable[str], first: date, clock: MarketClock) -> tuple[CorporateAction, ...]:
        """The actions with an ex-date from ``first`` to the session of ``clock``, by ex-date."""
        ...
