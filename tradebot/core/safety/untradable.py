"""Symbols with a position or an order that do not trade: halted, renamed or delisted. Their stops do not fill."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tradebot.core.model.account import Asset, Position, Quote
from tradebot.core.model.orders import BrokerOrder
from tradebot.core.model.values import ZERO, canonical, plural


@dataclass(frozen=True, slots=True)
class Untradable:
    """A symbol that does not trade now."""

    symbol: str
    held: Decimal  # shares, foreign ones too; negative for a short
    orders: int  # live orders, foreign ones and legs too
    known: bool  # whether the broker knows the symbol
    newest: Quote | None

    def __str__(self) -> str:
        state = "does not trade now" if self.known else "is not known to the broker any more"
        price = f", its last price {canonical(self.newest.last)} is of {self.newest.at:%Y-%m-%d}" if self.newest else ""
        shares = f"{canonical(self.held)} shares cannot be sold, and no stop of theirs fills" if self.held else ""
        orders = f"{plural(self.orders, 'order')} waiting" if self.orders else ""
        return f"{self.symbol} {state}{price}: {'; '.join(filter(None, (shares, orders)))}"

    @property
    def remedy(self) -> str:
        """What a person can do."""
        return (
            "find out at the broker whether it is halted, renamed or delisted, and cancel there what should not wait; "
            f"if its shares are gone, settle the break with `tradebot reconcile --accept {self.symbol} --reason ...`"
        )


def untradable_symbols(
    positions: Iterable[Position],
    open_orders: Iterable[BrokerOrder],
    assets: Mapping[str, Asset],
    quotes: Mapping[str, Quote],
) -> tuple[Untradable, ...]:
    """The symbols with a position or a live order that do not trade, in alphabetical order."""
    held = {position.symbol: position.quantity for position in positions if position.quantity}
    waiting: dict[str, int] = {}
    for order in open_orders:
        if order.state.live:
            waiting[order.symbol] = waiting.get(order.symbol, 0) + 1
    return tuple(
        Untradable(symbol, held.get(symbol, ZERO), waiting.get(symbol, 0), symbol in assets, quotes.get(symbol))
        for symbol in sorted(held.keys() | waiting.keys())
        if symbol not in assets or not assets[symbol].tradable or _is_halted(quotes.get(symbol))
    )


def _is_halted(quote: Quote | None) -> bool:
    return quote is not None and quote.halted
