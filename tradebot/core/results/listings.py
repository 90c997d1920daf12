"""Listings of fills, round trips, positions and orders: what was asked for, and the rows that match."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Generic, Self, TypeVar

from tradebot.core.accounting.performance import Totals
from tradebot.core.model.exits import ExitKind
from tradebot.core.model.holdings import OpenTrade, Trade
from tradebot.core.model.order_ids import STRATEGY_NAME, SYMBOL
from tradebot.core.model.orders import OrderState, OrderType, Purpose, Side
from tradebot.errors import UsageError

T = TypeVar("T")

#: The years that may be asked for.
YEARS = range(1900, 2200)


@dataclass(frozen=True, slots=True)
class Selection:
    """What a listing is asked for. None leaves a side open."""

    symbol: str | None = None
    strategy: str | None = None
    first: date | None = None  # session, New York
    last: date | None = None  # session, included
    only_open: bool = False  # only what is still open
    limit: int | None = None  # at most so many rows, the newest

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out but by the limit."""
        return not (self.symbol or self.strategy or self.first or self.last or self.only_open)

    @property
    def text(self) -> str:
        """What is asked for, for people: " of AAPL by rsi2_mean_reversion since 2007-01-03"; "" for everything."""
        return "".join(
            (
                " still open" if self.only_open else "",
                f" of {self.symbol}" if self.symbol else "",
                f" by {self.strategy}" if self.strategy else "",
                _span_text(self.first, self.last),
            )
        )

    def includes(self, symbol: str, strategy: str, session: date | None) -> bool:
        """Whether a row matches. One without a session matches any span."""
        return (
            self.symbol in (None, symbol)
            and self.strategy in (None, strategy)
            and (session is None or (self.first or date.min) <= session <= (self.last or date.max))
        )


def read_selection(
    symbol: str | None,
    strategy: str | None,
    first: date | None,
    last: date | None,
    *,
    only_open: bool = False,
    limit: int | None = None,
    prefix: str = "",
) -> Selection:
    """What is asked for, by its texts. Raises UsageError for what can be no symbol, no strategy or no span.

    prefix: stands before the names in the message: "--" for options.
    """
    ticker = read_symbol(symbol, f"{prefix}symbol ")
    if strategy is not None and not STRATEGY_NAME.fullmatch(strategy):
        what = f"{prefix}strategy {strategy!r} is no name of a strategy."
        raise UsageError(f"{what} `tradebot strategies list` shows them.")
    check_span(first, last, prefix)
    return Selection(ticker, strategy, first, last, only_open, limit)


def read_symbol(text: str | None, before: str = "") -> str | None:
    """The symbol in capitals; None without one. Raises UsageError, which begins with ``before``, for another text."""
    ticker = text.strip().upper() if text is not None else None
    if ticker is not None and not SYMBOL.fullmatch(ticker):
        raise UsageError(f"{before}{text!r} is not a symbol. Write it like AAPL or BRK.B.")
    return ticker


def check_span(first: date | None, last: date | None, prefix: str = "--") -> None:
    """Raise UsageError for a span that ends before it begins, or in a year that no exchange has."""
    check_day(first, f"{prefix}from")
    check_day(last, f"{prefix}to")
    if first and last and first > last:
        raise UsageError(f"{prefix}from is after {prefix}to.")


def check_day(day: date | None, name: str) -> None:
    """Raise UsageError for a day in a year that no exchange has."""
    if day is not None and day.year not in YEARS:
        raise UsageError(f"{name} {day} is no day of an exchange: its year is not in {YEARS[0]} to {YEARS[-1]}.")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """The rows of a listing, newest first."""

    selection: Selection
    rows: tuple[T, ...]
    more: bool = False  # whether older rows match, beyond the limit
    notes: tuple[str, ...] = ()
    known_at: datetime | None = None  # when the rows were last known (aware UTC); None: they are as of now
    trouble: str = ""  # why the broker could not be asked; "": it was, or need not be

    def as_of(self, known_at: datetime) -> Self:
        """The same rows, as they were known at an instant (aware UTC)."""
        return replace(self, known_at=known_at)


@dataclass(frozen=True, slots=True)
class ListedOrder:
    """An order for people: sent by the bot, a leg of one of its brackets, or foreign. Prices are USD per share."""

    at: datetime  # when it was sent, or decided if it never left; aware UTC
    symbol: str
    side: Side
    quantity: Decimal  # shares; 0 for an order for an amount of USD
    filled_quantity: Decimal
    type: OrderType
    limit_price: Decimal | None
    stop_price: Decimal | None
    average_fill_price: Decimal | None  # None while nothing filled
    state: OrderState  # UNKNOWN too where it is not open any more, and what became of it is not known
    is_open: bool  # whether it may still fill
    purpose: Purpose
    strategy: str  # FOREIGN for somebody else's
    reason: str  # why it was sent, or why it failed
    client_order_id: str
    broker_order_id: str | None  # None: the broker never had it, as far as known


@dataclass(frozen=True, slots=True)
class TradeLine:
    """A round trip for people, over or open. Prices are USD per share."""

    strategy: str
    symbol: str
    side: Side  # of the entry: BUY for a long
    quantity: Decimal  # shares: all that were closed; of an open one those that are open
    entry_price: Decimal  # average
    exit_price: Decimal | None  # average; None while it is open
    pnl: Decimal  # USD after fees; of an open one of the shares that were closed
    fees: Decimal  # USD of both sides
    opened_at: datetime
    closed_at: datetime | None
    entry_session: date
    exit_session: date | None
    entries: int  # fills
    exits: int  # fills
    exit_reason: str
    exit_kind: ExitKind | None = None  # None: open, or not known

    @property
    def exit_text(self) -> str:
        """Why it ended, in a word or two for people; "" while it is open."""
        return self.exit_kind.text if self.exit_kind else self.exit_reason.partition(":")[0]

    @classmethod
    def over(cls, trade: Trade) -> TradeLine:
        """The line of a round trip that is over."""
        return cls(**{item.name: getattr(trade, item.name) for item in fields(cls)})

    @classmethod
    def open(cls, trade: OpenTrade) -> TradeLine:
        """The line of an open round trip."""
        return cls(
            strategy=trade.strategy,
            symbol=trade.symbol,
            side=trade.side,
            quantity=trade.quantity,
            entry_price=trade.entry_price,
            exit_price=None,
            pnl=trade.realised,
            fees=trade.fees,
            opened_at=trade.opened_at,
            closed_at=None,
            entry_session=trade.entry_session,
            exit_session=None,
            entries=trade.entries,
            exits=trade.exits,
            exit_reason="",
        )


@dataclass(frozen=True, slots=True)
class TradeListing(Listing[TradeLine]):
    """Round trips, with the totals of all that match and are over, whatever the limit."""

    totals: Totals | None = None


@dataclass(frozen=True, slots=True)
class FillLine:
    """A fill for people. Prices are USD per share."""

    at: datetime  # aware UTC
    session: date
    symbol: str
    side: Side
    quantity: Decimal  # shares
    price: Decimal
    planned_price: Decimal | None  # at the decision; of a bracket's leg its stop or limit price; None: not stored
    fee: Decimal  # USD, positive when paid
    strategy: str  # FOREIGN for a fill of somebody else's order
    fill_id: str
    client_order_id: str


def nothing_found(noun: str, selection: Selection, strategies: Collection[str], symbols: Collection[str]) -> str:
    """Why a listing of ``noun`` ("fill") is empty, with what there is instead, for people.

    strategies: those that have a fill, where one was chosen; symbols: those that have a fill.
    """
    if not symbols or selection.is_everything:
        return f"no {noun} yet"
    said = f"nothing matches: no {noun}{selection.text}"
    if selection.strategy is not None and selection.strategy not in strategies:
        return f"{said}. There are some by {', '.join(sorted(strategies))}"
    if selection.symbol is not None and selection.symbol not in symbols:
        return f"{said}. There are some of {_listed(symbols)}"
    return said


def _listed(names: Collection[str], most: int = 12) -> str:
    shown = sorted(names)[:most]
    return ", ".join(shown) + (f" and {len(names) - most} others" if len(names) > most else "")


def _span_text(first: date | None, last: date | None) -> str:
    if first is not None and last is not None:
        return f" on {first}" if first == last else f" from {first} to {last}"
    if first is not None:
        return f" since {first}"
    return f" until {last}" if last is not None else ""
