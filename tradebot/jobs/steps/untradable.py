"""Finds held symbols and open orders that do not trade. Each run reports them anew, until a person acts."""

from __future__ import annotations

from collections.abc import Iterable

from tradebot.core.model.account import Position
from tradebot.core.model.orders import BrokerOrder
from tradebot.core.safety.untradable import Untradable, untradable_symbols
from tradebot.jobs.desk import Desk
from tradebot.jobs.step_results import AccountState, StepResult, failed


def find_untradable(
    desk: Desk, positions: Iterable[Position], open_orders: Iterable[BrokerOrder]
) -> tuple[Untradable, ...]:
    """The positions and orders whose symbols do not trade now, by the broker's assets."""
    positions, open_orders = tuple(positions), tuple(open_orders)
    symbols = {position.symbol for position in positions} | {order.symbol for order in open_orders}
    if not symbols:
        return ()
    return untradable_symbols(positions, open_orders, desk.broker.assets(symbols), desk.market.quotes(symbols))


def report_untradable(desk: Desk, state: AccountState) -> StepResult:
    """A failure for each symbol of ``state`` that does not trade. Each raises an alert."""
    done: list[StepResult] = []
    for found in find_untradable(desk, state.positions, state.open_orders):
        message = f"{found}; {found.remedy}"
        desk.alerts.send("warning", f"{found.symbol} does not trade", message, key=f"suspended {found.symbol}")
        done.append(failed(found.symbol, message))
    return StepResult().after(*done)
