"""What is held or waits at the broker and does not trade is told, every time, until somebody has seen to it."""

from __future__ import annotations

from collections.abc import Iterable

from tradebot.core.model.account import Position
from tradebot.core.model.orders import BrokerOrder
from tradebot.core.safety.untradable import Untradable, untradable
from tradebot.jobs.desk import Desk, JobRun
from tradebot.jobs.steps.sync import AccountState


def find_untradable(
    desk: Desk, positions: Iterable[Position], open_orders: Iterable[BrokerOrder]
) -> tuple[Untradable, ...]:
    """What of these does not trade now, as the broker says."""
    positions, open_orders = tuple(positions), tuple(open_orders)
    symbols = {position.symbol for position in positions} | {order.symbol for order in open_orders}
    if not symbols:
        return ()
    return untradable(positions, open_orders, desk.broker.assets(symbols), desk.market.quotes(symbols))


def report_untradable(desk: Desk, run: JobRun, state: AccountState) -> None:
    """Put a line of failure into the story for each, and raise an alert."""
    for found in find_untradable(desk, state.positions, state.open_orders):
        message = f"{found}; {found.remedy}"
        run.failed(found.symbol, message)
        desk.alerts.send("warning", f"{found.symbol} does not trade", message, key=f"suspended {found.symbol}")
