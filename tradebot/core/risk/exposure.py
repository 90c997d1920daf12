"""What an account already has at stake: the dollars in each symbol, and those it would lose at the stops.

Everything that could become a position counts: positions (foreign ones too), orders at the broker that open or add, and
entries that left and were not seen to end. Shares whose stop is not known, which are foreign ones, count as if they had
the account's default stop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from tradebot.core.model.account import Position, Quote
from tradebot.core.model.holdings import Holding
from tradebot.core.model.limits import Limits
from tradebot.core.model.orders import BrokerOrder, Intent, Purpose
from tradebot.core.model.values import ZERO


@dataclass(frozen=True, slots=True)
class SymbolExposure:
    """One symbol's market value, without its sign, and what is lost of it when the stop is hit; USD."""

    value: Decimal = ZERO
    risk: Decimal = ZERO

    def __add__(self, other: SymbolExposure) -> SymbolExposure:
        return SymbolExposure(self.value + other.value, self.risk + other.risk)


@dataclass(frozen=True, slots=True)
class Exposure:
    """The stakes by symbol, and the symbols with an order that could open a position at a price nobody knows."""

    stakes: Mapping[str, SymbolExposure]
    unpriced: frozenset[str] = frozenset()

    @property
    def total(self) -> SymbolExposure:
        return sum(self.stakes.values(), SymbolExposure())


class AccountView(Protocol):
    """An account as it is shown: by the broker, and by the ledger."""

    @property
    def positions(self) -> tuple[Position, ...]: ...

    @property
    def holdings(self) -> tuple[Holding, ...]: ...

    @property
    def open_orders(self) -> tuple[BrokerOrder, ...]: ...

    @property
    def unsettled(self) -> tuple[Intent, ...]: ...

    @property
    def quotes(self) -> Mapping[str, Quote]: ...

    @property
    def limits(self) -> Limits: ...


def unseen_entries(shown: AccountView) -> tuple[Intent, ...]:
    """Entries that left and are not among the orders the broker shows: it may have them, so they count.

    One that is only planned never left, and binds nothing.
    """
    seen = {order.client_order_id for order in shown.open_orders}
    return tuple(
        intent
        for intent in shown.unsettled
        if intent.purpose is Purpose.ENTRY and intent.state.live and intent.client_order_id not in seen
    )


def measure(shown: AccountView) -> Exposure:
    """Add up what is at stake. The newest quote prices a position; without one, the broker's own price does."""
    return _Scale(shown).weigh()


class _Scale:
    """An account with the indexes that weighing needs, built once."""

    def __init__(self, shown: AccountView) -> None:
        self.shown = shown
        self.positions = {position.symbol: position for position in shown.positions if position.quantity}
        self.holdings = {holding.symbol: holding for holding in shown.holdings}
        self.intents = {intent.client_order_id: intent for intent in shown.unsettled}
        self.stakes: dict[str, SymbolExposure] = {}
        self.unpriced: set[str] = set()

    def weigh(self) -> Exposure:
        for position in self.positions.values():
            self._weigh_position(position)
        for order in self.shown.open_orders:
            if order.parent_id is None and order.state.live:
                self._weigh_order(order)
        for intent in unseen_entries(self.shown):
            price = max(intent.planned_price, self._last(intent.symbol) or ZERO)
            self._add(intent.symbol, intent.remaining, price, intent.request.stop_loss)
        return Exposure(self.stakes, frozenset(self.unpriced))

    def _weigh_position(self, position: Position) -> None:
        symbol, shares = position.symbol, abs(position.quantity)
        price = self._last(symbol) or position.market_price
        holding = self.holdings.get(symbol)
        ours = holding.shares_in(position) if holding else ZERO
        if holding and ours:
            # A price beyond the stop is in nobody's favour: the stop is being filled, and no more is lost than that.
            beyond = (price - holding.stop_price) * holding.side.sign <= 0
            self._add(symbol, ours, price, price if beyond else holding.stop_price)
        self._add(symbol, shares - ours, price, None)

    def _weigh_order(self, order: BrokerOrder) -> None:
        """Count the shares of an order that would open or add; those that only close count nothing."""
        position = self.positions.get(order.symbol)
        closable = position.quantity * order.side.opposite.sign if position else ZERO
        known = (order.limit_price, order.stop_price, self._last(order.symbol))
        price = max((price for price in known if price is not None), default=None)
        if price is None:
            if order.notional is not None or order.remaining > max(ZERO, closable):
                self.unpriced.add(order.symbol)
            return
        shares = order.shares_at(price) - max(ZERO, closable)
        if shares <= 0:
            return
        intent = self.intents.get(order.client_order_id)
        self._add(order.symbol, shares, price, intent.request.stop_loss if intent else None)

    def _add(self, symbol: str, shares: Decimal, price: Decimal, stop: Decimal | None) -> None:
        distance = price * self.shown.limits.default_stop_loss_pct if stop is None else abs(price - stop)
        self.stakes[symbol] = self.stakes.get(symbol, SymbolExposure()) + SymbolExposure(
            shares * price, shares * distance
        )

    def _last(self, symbol: str) -> Decimal | None:
        quote = self.shown.quotes.get(symbol)
        if quote is not None:
            return quote.last
        position = self.positions.get(symbol)
        return position.market_price if position else None
