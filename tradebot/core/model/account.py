"""What a broker tells us about the account and the market, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tradebot.core.model.orders import Side


@dataclass(frozen=True, slots=True)
class SessionHours:
    """One exchange trading day: its New York date and its aware UTC opening and closing instants."""

    session: date
    opens: datetime
    closes: datetime
    half_day: bool = False


@dataclass(frozen=True, slots=True)
class MarketClock:
    """The broker's clock. ``today`` is None when the New York date of ``now`` is not a session."""

    now: datetime
    is_open: bool
    today: SessionHours | None
    previous: SessionHours | None
    upcoming: SessionHours | None


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """An account in USD. ``last_equity`` is the equity at the previous session's close, as the broker says it."""

    account_id: str
    equity: Decimal
    last_equity: Decimal
    cash: Decimal
    buying_power: Decimal
    blocked: bool = False
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class Permissions:
    """What the account's own configuration at the broker lets it do."""

    trading: bool
    shorting: bool
    fractions: bool


@dataclass(frozen=True, slots=True)
class AccountDay:
    """A session by the broker's own books, USD: the equity at its close, or as it stands while the session lasts, and
    the cash that was paid in that day less what was paid out.
    """

    session: date
    equity: Decimal
    paid_in: Decimal


@dataclass(frozen=True, slots=True)
class Position:
    """A position at the broker: ``quantity`` in shares, negative for a short; prices in USD a share."""

    symbol: str
    quantity: Decimal
    average_price: Decimal
    market_price: Decimal

    @property
    def market_value(self) -> Decimal:
        return self.quantity * self.market_price


@dataclass(frozen=True, slots=True)
class Quote:
    """The newest price of a symbol in USD and when it was seen.

    ``previous_close`` is on today's split basis and not adjusted for dividends.
    """

    symbol: str
    last: Decimal
    at: datetime
    previous_close: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Asset:
    """What the broker says about a symbol."""

    symbol: str
    tradable: bool
    fractionable: bool = False


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution. ``fill_id`` is the broker's and unique in the account. ``fee`` in USD, positive when paid."""

    fill_id: str
    broker_order_id: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    at: datetime
    session: date
    parent_client_order_id: str | None = None  # of a bracket's leg: the entry that brought it


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
        """True for cash that the owner pays in or takes out: it is neither gain nor loss, and moves every baseline."""
        return self in (CashKind.DEPOSIT, CashKind.WITHDRAWAL)


@dataclass(frozen=True, slots=True)
class CashEvent:
    """Cash that moved without a trade. ``amount`` in USD, negative when it left the account."""

    event_id: str
    kind: CashKind
    amount: Decimal
    at: datetime
    session: date
    symbol: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class SplitEvent:
    """A split that the broker applied to a position. ``ratio`` is new shares for one old share (2 for a 2-for-1)."""

    event_id: str
    symbol: str
    ratio: Decimal
    quantity_before: Decimal
    quantity_after: Decimal
    at: datetime
    session: date


@dataclass(frozen=True, slots=True)
class FillBust:
    """A fill that the exchange took back, as if it had never been. One that it corrected is busted and filled anew."""

    event_id: str
    fill_id: str
    at: datetime
    session: date


#: Everything that changes what an account holds, in the broker's own order. Each carries an id that never repeats.
Activity = Fill | CashEvent | SplitEvent | FillBust


#: The symbol under which cash is spoken of.
CASH = "USD"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A correction of the ledger, not of the account: after it the ledger explains what the broker shows.

    ``quantity`` is how many shares of ``symbol`` more it explains (fewer when negative), ``price`` the average price of
    the whole position as the broker has it, USD a share. For the symbol CASH it is ``amount``, USD, and no shares.
    """

    adjustment_id: str
    symbol: str
    quantity: Decimal
    price: Decimal
    amount: Decimal
    reason: str
    at: datetime
    session: date


#: Everything that the ledger books.
Bookable = Activity | Adjustment


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
    SPLIT = "split"
    DIVIDEND = "dividend"


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """An announced action: ``value`` is new shares for one old (split) or USD a share, unadjusted (dividend)."""

    symbol: str
    ex_date: date
    kind: ActionKind
    value: Decimal


@dataclass(frozen=True, slots=True)
class DayBar:
    """One symbol's session: USD a share, not adjusted for splits or dividends; ``volume`` in shares."""

    symbol: str
    session: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
