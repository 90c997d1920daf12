"""Exposure of an account: the market value in each symbol, and the loss if its stop is hit; USD.

Everything that may become a position counts: positions (foreign ones too), orders at the broker that open or add, and
entries in doubt. Shares without a known stop, such as foreign ones, count with the account's default stop.
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
    """The exposure in one symbol, USD, never negative."""

    value: Decimal = ZERO  # market value
    risk: Decimal = ZERO  # loss if the stop is hit

    def __add__(self, other: SymbolExposure) -> SymbolExposure:
        return SymbolExposure(self.value + other.value, self.risk + other.risk)


NO_EXPOSURE = SymbolExposure()


@dataclass(frozen=True, slots=True)
class Exposure:
    """The exposure of an account."""

    by_symbol: Mapping[str, SymbolExposure]
    unpriced: frozenset[str] = frozenset()  # symbols with an order that may open a position at an unknown price

    @property
    def total(self) -> SymbolExposure:
        """The sum over all symbols with a price."""
        return sum(self.by_symbol.values(), NO_EXPOSURE)

    @property
    def symbols(self) -> frozenset[str]:
        """Every symbol with a position or with an order that may open one."""
        return self.unpriced | self.by_symbol.keys()


class AccountView(Protocol):
    """An account as the broker shows it and the ledger explains it. A Situation is one."""

    @property
    def positions(self) -> tuple[Position, ...]:
        """The broker's positions, foreign ones included."""
        ...

    @property
    def holdings(self) -> tuple[Holding, ...]:
        """The ledger's holdings."""
        ...

    @property
    def open_orders(self) -> tuple[BrokerOrder, ...]:
        """The broker's open orders."""
        ...

    @property
    def unsettled(self) -> tuple[Intent, ...]:
        """The intents whose outcome is not final."""
        ...

    @property
    def quotes(self) -> Mapping[str, Quote]:
        """The newest prices by symbol."""
        ...

    @property
    def limits(self) -> Limits:
        """The account's limits."""
        ...


def unseen_entries(view: AccountView) -> tuple[Intent, ...]:
    """Entries that were sent and are not among the broker's open orders. The broker may have them, so they count."""
    seen = {order.client_order_id for order in view.open_orders}
    return tuple(
        intent
        for intent in view.unsettled
        if intent.purpose is Purpose.ENTRY and intent.state.live and intent.client_order_id not in seen
    )


def measure_exposure(view: AccountView) -> Exposure:
    """The exposure of an account. The newest quote prices a position; without a quote, the broker's price does."""
    return _Measurement(view).exposure()


class _Measurement:
    """An account with indexes by symbol and order, built once, and the exposure added up so far."""

    def __init__(self, view: AccountView) -> None:
        self.view = view
        self.positions = {position.symbol: position for position in view.positions if position.quantity}
        self.holdings = {holding.symbol: holding for holding in view.holdings}
        self.intents = {intent.client_order_id: intent for intent in view.unsettled}
        self.by_symbol: dict[str, SymbolExposure] = {}
        self.unpriced: set[str] = set()

    def exposure(self) -> Exposure:
        for position in self.positions.values():
            self._add_position(position)
        for order in self.view.open_orders:
            if order.parent_id is None and order.state.live:
                self._add_order(order)
        for intent in unseen_entries(self.view):
            price = max(intent.most_paid, self._last(intent.symbol) or ZERO)
            self._add(intent.symbol, intent.remaining, price, intent.request.stop_loss)
        return Exposure(self.by_symbol, frozenset(self.unpriced))

    def _add_position(self, position: Position) -> None:
        symbol, shares = position.symbol, abs(position.quantity)
        price = self._last(symbol) or position.market_price
        holding = self.holdings.get(symbol)
        ours = holding.shares_in(position) if holding else ZERO
        if holding and ours:
            # A price beyond the stop adds no risk: the stop is being filled at about that price.
            beyond = (price - holding.stop_price) * holding.side.sign <= 0
            self._add(symbol, ours, price, price if beyond else holding.stop_price)
        self._add(symbol, shares - ours, price, None)

    def _add_order(self, order: BrokerOrder) -> None:
        """Add the shares of an order that would open or add. Shares that only close count nothing."""
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
        distance = price * self.view.limits.default_stop_loss_pct if stop is None else abs(price - stop)
        self.by_symbol[symbol] = self.by_symbol.get(symbol, NO_EXPOSURE) + SymbolExposure(
            shares * price, shares * distance
        )

    def _last(self, symbol: str) -> Decimal | None:
        quote = self.view.quotes.get(symbol)
        if quote is not None:
            return quote.last
        position = self.positions.get(symbol)
        return position.market_price if position else None
