"""Lots, lot closures, round trips and holdings: positions as the ledger explains them. Prices are USD a share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from tradebot.core.model.account import Position
from tradebot.core.model.exits import Exit, ExitKind, stored_kind
from tradebot.core.model.orders import Side
from tradebot.core.model.signals import ExitPolicy
from tradebot.core.model.values import ZERO

#: The strategy name under which the ledger books what the bot did not do.
FOREIGN = "foreign"
#: The fields of a lot closure that say why it was closed. They are not computed again from what is booked.
EXIT_FIELDS = ("exit_reason", "exit_kind", "stop_price", "target_price", "trailed_from")


@dataclass(frozen=True, slots=True)
class Lot:
    """Shares of one fill that are still open."""

    lot_id: str  # the id of the fill or adjustment that opened it
    strategy: str
    symbol: str
    quantity: Decimal  # negative when sold short
    price: Decimal
    fee: Decimal  # entry fee in USD of the shares that remain
    opened_at: datetime
    session: date
    entry_client_order_id: str = ""
    shown_price: Decimal | None = None  # price in the broker's average, which averages whole positions; None is price


@dataclass(frozen=True, slots=True)
class LotClosure:
    """Shares of one lot, closed by one fill or event. Several may be part of one round trip."""

    trade_id: str  # ids of the lot and of the closing fill; after a bust, the bust's id too
    strategy: str
    symbol: str
    side: Side  # of the entry: BUY for a long
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal
    fees: Decimal  # USD of both sides
    pnl: Decimal  # USD after fees
    opened_at: datetime
    closed_at: datetime
    entry_session: date
    exit_session: date
    exit_reason: str = ""
    exit_kind: ExitKind | None = None  # None: not known, or stored by an earlier version
    stop_price: Decimal | None = None  # of the holding when it was closed; None: not known
    target_price: Decimal | None = None
    trailed_from: Decimal | None = None  # the best price that a trailing stop was raised from

    @property
    def exit(self) -> Exit:
        """Why it was closed, and the prices that it was closed by."""
        kind = self.exit_kind or stored_kind(self.exit_reason)
        return Exit(self.exit_reason, kind, self.stop_price, self.target_price, self.trailed_from)


@dataclass(frozen=True, slots=True)
class Trade:
    """A round trip of one strategy in one symbol, from flat to flat. Shares are on the split basis of its last exit."""

    trade_id: str  # that of the lot closure which ended it
    strategy: str
    symbol: str  # the name at the end, of a symbol that was renamed in between
    side: Side  # of the entry: BUY for a long
    quantity: Decimal  # shares that were closed, all exits together
    entry_price: Decimal  # average by shares
    exit_price: Decimal  # average by shares
    fees: Decimal  # USD of both sides
    pnl: Decimal  # USD after fees
    opened_at: datetime  # first entry
    closed_at: datetime  # last exit
    entry_session: date
    exit_session: date
    exit_reason: str = ""  # of the last exit
    exit_kind: ExitKind | None = None  # of the last exit; None: not known
    entries: int = 1  # fills that opened it; a lot of a correction or a spin-off counts as one
    exits: int = 1  # fills and events that closed it

    @property
    def exit_text(self) -> str:
        """Why it ended, in a word for people; where that is not known, as it was stored."""
        return self.exit_kind.text if self.exit_kind else self.exit_reason


@dataclass(frozen=True, slots=True)
class OpenTrade:
    """A round trip that is not over: a strategy holds shares of the symbol. Its result is not known yet."""

    strategy: str
    symbol: str
    side: Side  # of the entry: BUY for a long
    quantity: Decimal  # shares that are open, never negative
    entry_price: Decimal  # of the open shares, average
    fees: Decimal  # USD so far
    realised: Decimal  # USD after fees, of the shares that were closed
    opened_at: datetime  # first entry
    entry_session: date
    entries: int = 1
    exits: int = 0


@dataclass(frozen=True, slots=True)
class Holding:
    """The position of one strategy in one symbol, with its exit plan. Prices are on today's split basis.

    A symbol has at most one holding. It covers the lots of other strategies too, which a busted sale may have revived.
    """

    strategy: str
    symbol: str
    quantity: Decimal  # sum of the open lots, negative for a short
    entry_price: Decimal
    stop_price: Decimal  # where the protective stop should rest now
    target_price: Decimal | None
    high_water: Decimal  # best price seen since the entry: highest for a long, lowest for a short
    policy: ExitPolicy
    opened_session: date
    sessions_held: int = 0  # completed sessions since the entry
    trailed_from: Decimal | None = None  # the best price that the stop was raised from last; None: never raised

    @property
    def side(self) -> Side:
        """The side that opened it: BUY for a long."""
        return Side.BUY if self.quantity > 0 else Side.SELL

    def with_stop(self, stop_price: Decimal) -> Holding:
        """The holding with another stop price."""
        return replace(self, stop_price=stop_price)

    def with_raised_stop(self, stop_price: Decimal) -> Holding:
        """The holding with a stop that trails its best price."""
        return replace(self, stop_price=stop_price, trailed_from=self.high_water)

    def shares_in(self, position: Position | None) -> Decimal:
        """The shares of ours that the broker shows: the smaller of the two, 0 on opposite sides; never negative."""
        if position is None or position.quantity * self.quantity <= 0:
            return ZERO
        return min(abs(self.quantity), abs(position.quantity))


def shares_of(lots: Iterable[Lot]) -> Decimal:
    """The shares of lots of one symbol, negative for a short."""
    return sum((lot.quantity for lot in lots), ZERO)


def shares_by_symbol(lots: Iterable[Lot]) -> dict[str, Decimal]:
    """The shares of lots by symbol, negative for a short."""
    shares: dict[str, Decimal] = {}
    for lot in lots:
        shares[lot.symbol] = shares.get(lot.symbol, ZERO) + lot.quantity
    return shares
