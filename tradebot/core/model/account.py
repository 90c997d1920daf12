"""An account and its market as the broker reports them: snapshots, quotes, and activities that change the account.

Prices are USD a share, amounts USD, instants aware UTC, sessions New York dates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.orders import Side
from tradebot.core.model.values import ZERO


@dataclass(frozen=True, slots=True)
class SessionHours:
    """One exchange trading day."""

    session: date
    opens: datetime
    closes: datetime
    half_day: bool = False


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """What a calendar says of one New York date."""

    day: date
    hours: SessionHours | None  # None when the exchange is closed all day


@dataclass(frozen=True, slots=True)
class MarketClock:
    """The broker's clock and its sessions around now."""

    now: datetime
    is_open: bool
    today: SessionHours | None  # None when the New York date of now is no session
    previous: SessionHours | None
    upcoming: SessionHours | None
    sessions: tuple[SessionHours, ...] | None = None  # of the broker's own calendar around now; None where it has none

    @property
    def session(self) -> date | None:
        """The session of ``now``: today's, or the newest before; None where the clock knows neither."""
        day = self.today or self.previous
        return day.session if day else None

    @property
    def next_open(self) -> datetime | None:
        """When the exchange opens (aware UTC); None while it is open, and where the clock knows no session ahead."""
        days = (day for day in (self.today, self.upcoming) if day is not None and day.opens > self.now)
        return None if self.is_open else next((day.opens for day in days), None)


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """The balances of an account, USD."""

    account_id: str
    equity: Decimal
    last_equity: Decimal  # at the previous session's close, by the broker
    cash: Decimal
    buying_power: Decimal
    blocked: bool = False
    currency: str = "USD"
    last_equity_of: date | None = None  # the session of ``last_equity``; None where the broker does not tell it


@dataclass(frozen=True, slots=True)
class Permissions:
    """What the account's configuration at the broker permits."""

    trading: bool
    shorting: bool
    fractions: bool


@dataclass(frozen=True, slots=True)
class AccountDay:
    """A session by the broker's own records, USD."""

    session: date
    equity: Decimal  # at the close; the present equity while the session lasts
    paid_in: Decimal  # deposits less withdrawals


@dataclass(frozen=True, slots=True)
class Position:
    """A position at the broker."""

    symbol: str
    quantity: Decimal  # shares, negative for a short
    average_price: Decimal
    market_price: Decimal
    asset_id: str | None = field(default=None, compare=False)  # the broker's, which outlives a change of symbol
    previous_close: Decimal | None = field(default=None, compare=False)  # on today's split basis
    #: Shares that live sells hold at the broker, 0 or more; None where the broker does not say.
    held_for_sells: Decimal | None = field(default=None, compare=False)

    @property
    def market_value(self) -> Decimal:
        """USD, negative for a short."""
        return self.quantity * self.market_price

    def free_beside(self, own: Decimal) -> Decimal:
        """The shares that no live sell of others holds. ``own``: the shares that orders of ours close."""
        held = ZERO if self.held_for_sells is None else max(ZERO, self.held_for_sells - own)
        return max(ZERO, abs(self.quantity) - held)


@dataclass(frozen=True, slots=True)
class Quote:
    """The newest price of a symbol."""

    symbol: str
    last: Decimal
    at: datetime  # when it was seen
    previous_close: Decimal | None = None  # on today's split basis, not adjusted for dividends
    halted: bool = False  # whether trading in it is halted now, where the price source tells that
    bid: Decimal | None = None  # what the moment's best offers are, where the price source tells them
    ask: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Asset:
    """How the broker trades a symbol."""

    symbol: str
    tradable: bool
    fractionable: bool = False  # whether it takes orders for fractions of a share


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution."""

    fill_id: str  # the broker's, unique in the account
    broker_order_id: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal  # USD, positive when paid
    at: datetime
    session: date
    parent_client_order_id: str | None = None  # of a bracket's leg: its entry


class CashKind(StrEnum):
    """Why cash moved without a trade."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    DIVIDEND = "dividend"
    CASH_IN_LIEU = "cash_in_lieu"
    FEE = "fee"
    INTEREST = "interest"

    @property
    def is_external(self) -> bool:
        """Whether the owner paid it in or took it out. Such cash is neither gain nor loss, and moves every baseline."""
        return self in (CashKind.DEPOSIT, CashKind.WITHDRAWAL)


@dataclass(frozen=True, slots=True)
class CashEvent:
    """Cash that moved without a trade."""

    event_id: str
    kind: CashKind
    amount: Decimal  # USD, negative when it left the account
    at: datetime
    session: date
    symbol: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class SplitEvent:
    """A split that the broker applied to a position."""

    event_id: str
    symbol: str
    ratio: Decimal  # new shares for one old share: 2 for a 2-for-1 split
    quantity_before: Decimal
    quantity_after: Decimal
    at: datetime
    session: date
    effective_at: datetime | None = None  # from when shares are on the new basis; None: in the order of booking


@dataclass(frozen=True, slots=True)
class FillBust:
    """A fill that the exchange cancelled after the fact. A corrected fill is busted and reported anew."""

    event_id: str
    fill_id: str
    at: datetime
    session: date


@dataclass(frozen=True, slots=True)
class Reorganisation:
    """A holding that took another name, became shares of another company, or ended for cash.

    It moves shares only. Cash that is paid for them is a cash event of its own.
    """

    event_id: str
    kind: ActionKind  # NAME_CHANGE, STOCK_MERGER, SPIN_OFF, CASH_MERGER or DELISTING
    symbol: str  # the old symbol; the parent's, of a spin-off
    new_symbol: str | None  # None where no share is left
    ratio: Decimal  # new shares for one old share: 1 for a change of name, 0 where no share is left
    quantity_before: Decimal  # shares of ``symbol``, negative for a short
    quantity_after: Decimal  # shares that it made of ``new_symbol``
    cash: Decimal  # paid for one old share, USD
    at: datetime
    session: date
    price: Decimal = ZERO  # USD a share of ``new_symbol`` that a spin-off begins with, by the broker
    effective_at: datetime | None = None  # from when the shares are others; None: in the order of booking


#: An event that changed the account. Its id never repeats, and brokers report activities in a fixed order.
Activity = Fill | CashEvent | SplitEvent | FillBust | Reorganisation


@dataclass(frozen=True, slots=True)
class UnreadActivity:
    """A row of the broker's activities that tells no activity. What it moved stays a difference to the ledger."""

    row_id: str  # the broker's; "" for a row without one
    why: str  # for people
    waits: bool  # whether it will be one: a fill whose order is not shown yet, or a split without all of its rows
    symbol: str | None = None
    is_fill: bool = False


#: The symbol of cash.
CASH = "USD"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A correction of the ledger, after which it explains the shares or the cash that the broker shows."""

    adjustment_id: str
    symbol: str  # CASH for cash
    quantity: Decimal  # shares added, negative when removed
    price: Decimal  # the broker's average price of the whole position
    amount: Decimal  # USD of cash added
    reason: str
    at: datetime
    session: date


#: An event that the ledger books.
Bookable = Activity | Adjustment


#: How the ids begin of activities that the ledger booked by evidence. No broker's do.
EVIDENCE = "evidence:"


def id_of(activity: Bookable) -> str:
    """The id that an activity or adjustment is booked under: the broker's, or the adjustment's own."""
    match activity:
        case Fill():
            return activity.fill_id
        case Adjustment():
            return activity.adjustment_id
        case _:
            return activity.event_id


class ActionKind(StrEnum):
    """The kind of a corporate action."""

    SPLIT = "split"
    DIVIDEND = "dividend"
    NAME_CHANGE = "name_change"
    STOCK_MERGER = "stock_merger"
    SPIN_OFF = "spin_off"
    CASH_MERGER = "cash_merger"
    DELISTING = "delisting"


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """An announced corporate action."""

    symbol: str
    ex_date: date
    kind: ActionKind
    value: Decimal  # new shares for one old share, or USD a share: see VALUE_IS_CASH
    new_symbol: str | None = None  # of a change of name, a merger for stock and a spin-off
    cash: Decimal = ZERO  # USD for one old share that a merger for stock pays besides


#: The kinds whose value is USD a share, unadjusted. That of the others is new shares for one old share.
VALUE_IS_CASH = frozenset({ActionKind.DIVIDEND, ActionKind.CASH_MERGER, ActionKind.DELISTING})

#: The kinds that end a holding for cash.
ENDS_FOR_CASH = frozenset({ActionKind.CASH_MERGER, ActionKind.DELISTING})


@dataclass(frozen=True, slots=True)
class DayBar:
    """The bar of one symbol's session, not adjusted for splits or dividends."""

    symbol: str
    session: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int  # shares
