"""Orders and shares of somebody else in the account: told once each, and left alone."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tradebot.core.model.holdings import FOREIGN, shares_by_symbol
from tradebot.core.model.values import ONE, canonical
from tradebot.core.results.alerts import AlertLevel
from tradebot.jobs.desk import Desk
from tradebot.jobs.step_results import AccountState, StepResult, noted


def tell_foreign(desk: Desk, state: AccountState) -> StepResult:
    """A note and an alert on each foreign order and each symbol with foreign shares that were not told yet.

    One in a symbol that the bot holds is a warning, save a part of a share, as a reinvested dividend leaves it: that
    locks nothing. What the opening lists was told with it.
    """
    parts = {symbol for symbol, shares in _foreign_shares(desk).items() if 0 < shares < ONE}
    held = {holding.symbol for holding in state.holdings} - parts
    held |= {order.symbol for order in state.foreign_orders} & {holding.symbol for holding in state.holdings}
    told = []
    for key, symbol, text in (*_orders(desk, state), *_shares(desk)):
        if desk.ledger.outbox.has(key):
            continue
        touches = f" It touches {symbol}, which the bot holds: the symbol takes no entry meanwhile."
        level: AlertLevel = "warning" if symbol in held else "info"
        message = f"{text}; it is left alone.{touches if symbol in held else ''}"
        desk.alerts.send(level, "foreign in the account", message, key=key)
        told.append(f"{text}; it is left alone")
    return noted(*told)


def _orders(desk: Desk, state: AccountState) -> Iterator[tuple[str, str, str]]:
    """Key, symbol and text of each foreign order that the opening does not list."""
    opening = desk.ledger.openings.opening()
    listed = opening.orders if opening else ()
    for order in state.foreign_orders:
        if order.text not in listed:
            yield f"foreign order {order.broker_order_id}", order.symbol, f"foreign order: {order.text}"


def _shares(desk: Desk) -> Iterator[tuple[str, str, str]]:
    """Key, symbol and text of each symbol with foreign shares that the opening does not list."""
    opening = desk.ledger.openings.opening()
    listed = {held.symbol for held in opening.positions} if opening else set()
    for symbol, quantity in _foreign_shares(desk).items():
        if symbol not in listed:
            yield f"foreign shares {symbol}", symbol, f"foreign shares: {canonical(quantity)} {symbol}"


def _foreign_shares(desk: Desk) -> dict[str, Decimal]:
    return shares_by_symbol(lot for lot in desk.ledger.books.lots() if lot.strategy == FOREIGN)
