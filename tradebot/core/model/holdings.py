"""Positions as the ledger explains them: who opened them, when, at what price, and how they are to be left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from tradebot.core.model.account import Position
from tradebot.core.model.orders import Side
from tradebot.core.model.signals import ExitPolicy
from tradebot.core.model.values import ZERO


@dataclass(frozen=True, slots=True)
class Lot:
    """Shares bought (or sold short, when ``quantity`` is negative) by one fill and not yet closed.

    ``price`` is USD a share and ``fee`` the entry fee in USD still carried by the shares that remain. A broker averages
    the whole position instead: ``shown_price`` is what the shares count with there, where that is not their price.
    """

    lot_id: str  # the id of the fill or adjustment that opened it
    strategy: str
    symbol: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    opened_at: datetime
    session: date
    entry_client_order_id: str = ""
    shown_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Trade:
    """A round trip: shares of one lot closed by one fill. ``pnl`` is USD after both sides' fees."""

    trade_id: str  # the lot's id and the closing fill's id; worked out anew after a bust, that one's id too
    strategy: str
    symbol: str
    side: Side  # of the opening: BUY for a long
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal
    fees: Decimal
    pnl: Decimal
    opened_at: datetime
    closed_at: datetime
    entry_session: date
    exit_session: date
    exit_reason: str = ""


@dataclass(frozen=True, slots=True)
class Holding:
    """One strategy's position in one symbol with the plan for leaving it.

    Prices are USD a share, on today's split basis. ``quantity`` is the sum of the open lots, negative for a short; a
    symbol has one holding, which covers the lots of other strategies too, should a busted sale have revived any.
    ``high_water`` the best price seen since the entry (lowest for a short); ``stop_price`` the price that the
    protective stop should rest at now; ``sessions_held`` counts completed sessions since the entry.
    """

    strategy: str
    symbol: str
    quantity: Decimal
    entry_price: Decimal
    stop_price: Decimal
    target_price: Decimal | None
    high_water: Decimal
    policy: ExitPolicy
    opened_session: date
    sessions_held: int = 0

    @property
    def side(self) -> Side:
        return Side.BUY if self.quantity > 0 else Side.SELL

    def with_stop(self, stop_price: Decimal) -> Holding:
        return replace(self, stop_price=stop_price)

    def shares_in(self, position: Position | None) -> Decimal:
        """How many of our shares the broker shows, never negative: the smaller of the two, none if they face apart."""
        if position is None or position.quantity * self.quantity <= 0:
            return ZERO
        return min(abs(self.quantity), abs(position.quantity))


#: The strategy name under which the ledger books what the bot did not do itself.
FOREIGN = "foreign"
