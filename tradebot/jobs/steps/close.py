"""Leaving a position whose shares a resting stop holds: cancel it, see it cancelled, read again, sell at most that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal

from tradebot.core.model.orders import BrokerOrder, Intent, OrderState, Purpose, Side
from tradebot.core.model.values import ZERO
from tradebot.errors import ExitCode, OrderRefused
from tradebot.jobs.desk import Desk, JobRun
from tradebot.jobs.steps.activities import book_new_activities
from tradebot.jobs.steps.submit import LOOKS, await_ends, order_line, store_intents, submit
from tradebot.jobs.steps.sync import is_ours

_LEAVES = frozenset({Purpose.EXIT, Purpose.CLOSE})


def close_holding(desk: Desk, run: JobRun, planned: Intent) -> None:
    """Carry out a planned exit. It is written down, and the gap in the protection journaled, before its stop goes; what
    stays open is re-armed by the protection step that ends every job.
    """
    desk.stop.check()
    store_intents(desk, [planned])
    _journal_gap(desk, planned, "opens")
    if not _cancelled(desk, lambda: _resting_exits(desk, planned.symbol, planned.request.side)):
        run.failed(planned.symbol, "its resting orders were not cancelled in time; its exit waits", ExitCode.BROKER)
        return
    quantity = min(planned.request.quantity, _still_held(desk, run, planned))
    if quantity <= 0:
        desk.ledger.orders.move(planned.client_order_id, OrderState.ABANDONED, desk.clock.now(), note="nothing to sell")
        run.notes.append(f"{planned.symbol}: its stop had sold it when the exit was about to")
        return
    intent = replace(planned, request=replace(planned.request, quantity=quantity))
    if intent != planned:
        store_intents(desk, [intent])
    (intent,) = await_ends(desk, [submit(desk, run, intent)])
    run.orders.append(order_line(intent))
    _journal_gap(desk, intent, "ends")


def exits_under_way(desk: Desk, orders: Iterable[BrokerOrder], symbol: str) -> tuple[BrokerOrder, ...]:
    """Those of ``orders`` by which we are selling (or covering) a position in ``symbol`` at the market."""
    ours = ((order, desk.ownership.decision_of(order)) for order in orders if order.state.live)
    return tuple(
        order for order, made in ours if made is not None and made.symbol == symbol and made.purpose in _LEAVES
    )


def take_back(desk: Desk, run: JobRun, orders: Iterable[BrokerOrder], symbol: str) -> bool:
    """Cancel what is not filled of the exits of ``symbol`` among ``orders``, journal it, and say whether there was any.

    Where the broker does not show them cancelled in time, they are left to their end.
    """
    leaving = exits_under_way(desk, orders, symbol)
    for order in leaving:
        detail = {"gap": "exit taken back", "exit": order.client_order_id, "quantity": str(order.remaining)}
        desk.ledger.journal.note("protection_gap", symbol, desk.clock.now(), detail)
    if leaving and _cancelled(desk, lambda: exits_under_way(desk, desk.broker.open_orders(), symbol)):
        run.notes.append(
            f"{symbol}: what was not filled of its exit was taken back, to protect it until the next session"
        )
    elif leaving:
        run.failed(symbol, "what is not filled of its exit was not cancelled in time", ExitCode.BROKER)
    return bool(leaving)


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


def _cancelled(desk: Desk, resting: Callable[[], tuple[BrokerOrder, ...]]) -> bool:
    """Cancel the orders that ``resting`` reads, and say whether the broker has shown that none of them is left."""
    for order in resting():
        try:
            desk.broker.cancel(order.broker_order_id)
        except OrderRefused:
            continue  # it ended by itself, or with its sibling leg; the look below tells which
    for pause in LOOKS:
        desk.clock.sleep(pause)
        if not resting():
            return True
    return False


def _still_held(desk: Desk, run: JobRun, planned: Intent) -> Decimal:
    """What is left of the holding at the broker: its stop may have filled while it was being cancelled."""
    book_new_activities(desk, run)
    there = next((position for position in desk.broker.positions() if position.symbol == planned.symbol), None)
    held = (h for h in desk.ledger.books.holdings() if (h.strategy, h.symbol) == (planned.strategy, planned.symbol))
    return sum((holding.shares_in(there) for holding in held), ZERO)
