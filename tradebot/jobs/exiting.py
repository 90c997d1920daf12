"""Leaving a position whose shares a resting stop holds: cancel it, see it cancelled, read again, sell at most that."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tradebot.core.orders import BrokerOrder, Intent, OrderState, Side
from tradebot.core.values import ZERO
from tradebot.errors import ExitCode, OrderRefused
from tradebot.jobs.desk import Desk, Story
from tradebot.jobs.sending import LOOKS, await_end, order_line, send, write_down
from tradebot.jobs.syncing import is_ours
from tradebot.jobs.taking_in import take_in


def close_holding(desk: Desk, story: Story, planned: Intent) -> None:
    """Carry out a planned exit. It is written down, and the gap in the protection journaled, before its stop goes; what
    stays open is re-armed by the protection step that ends every job.
    """
    desk.stop.check()
    write_down(desk, [planned])
    _journal_gap(desk, planned, "opens")
    if not _cancel_resting(desk, story, planned.symbol, planned.request.side):
        return
    quantity = min(planned.request.quantity, _still_held(desk, story, planned))
    if quantity <= 0:
        desk.ledger.orders.move(planned.client_order_id, OrderState.ABANDONED, desk.clock.now(), note="nothing to sell")
        story.notes.append(f"{planned.symbol}: its stop had sold it when the exit was about to")
        return
    intent = replace(planned, request=replace(planned.request, quantity=quantity))
    if intent != planned:
        write_down(desk, [intent])
    intent = await_end(desk, story, send(desk, story, intent))
    story.orders.append(order_line(intent))
    _journal_gap(desk, intent, "ends")


def _journal_gap(desk: Desk, intent: Intent, what: str) -> None:
    detail = {"gap": what, "exit": intent.client_order_id, "quantity": str(intent.request.quantity)}
    desk.ledger.journal.note("protection_gap", intent.symbol, desk.clock.now(), detail)


def _resting_exits(desk: Desk, symbol: str, side: Side) -> tuple[BrokerOrder, ...]:
    """Our live orders that would close a position in ``symbol`` by trading on ``side``."""
    return tuple(
        order
        for order in desk.broker.open_orders()
        if order.symbol == symbol and order.side is side and is_ours(desk, order)
    )


def _cancel_resting(desk: Desk, story: Story, symbol: str, side: Side) -> bool:
    """Cancel what holds the shares, and say whether the broker has shown that nothing does any more."""
    for order in _resting_exits(desk, symbol, side):
        try:
            desk.broker.cancel(order.broker_order_id)
        except OrderRefused:
            continue  # it ended by itself, or with its sibling leg; the look below tells which
    for pause in LOOKS:
        desk.clock.sleep(pause)
        if not _resting_exits(desk, symbol, side):
            return True
    story.failed(symbol, "its resting orders were not cancelled in time; its exit waits", ExitCode.BROKER)
    return False


def _still_held(desk: Desk, story: Story, planned: Intent) -> Decimal:
    """What is left of the holding at the broker: its stop may have filled while it was being cancelled."""
    take_in(desk, story)
    there = next((position for position in desk.broker.positions() if position.symbol == planned.symbol), None)
    held = (h for h in desk.ledger.books.holdings() if (h.strategy, h.symbol) == (planned.strategy, planned.symbol))
    return sum((holding.shares_in(there) for holding in held), ZERO)
