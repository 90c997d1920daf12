"""Closes a position whose shares a resting stop holds: cancel the stop, wait for the cancel, read again, then sell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal

from tradebot.core.model.account import Position
from tradebot.core.model.holdings import Holding
from tradebot.core.model.orders import BrokerOrder, Intent, OrderState, Purpose, Side
from tradebot.core.model.values import ZERO
from tradebot.errors import BrokerUnavailable, ExitCode, OrderRefused, OutcomeUnknown
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.saleable import saleable_shares
from tradebot.jobs.step_results import StepResult, failed, noted
from tradebot.jobs.steps.activities import book_new_activities
from tradebot.jobs.steps.bare_time import begin_before_cancel, was_not_bare
from tradebot.jobs.steps.look import SECOND_LOOK_AFTER
from tradebot.jobs.steps.submit import READ_PAUSES, await_ends, order_line, store_intents, submit
from tradebot.jobs.steps.sync import is_explained

#: Reads after which an exit waits for the next job, where no two in a row agree.
_MOST_READS = 4
_CLOSING = frozenset({Purpose.EXIT, Purpose.CLOSE})


def close_holding(desk: Desk, run: JobRun, planned: Intent) -> StepResult:
    """Execute a planned exit: cancel the resting stop, wait for the cancel, then sell at most the shares still held.

    The intent, and that its shares are bare, is stored before. A fraction that the broker would refuse is kept.
    If part stays open, `protect()` places a new stop at the end of the job.
    """
    store_intents(desk, [planned])
    bare = begin_before_cancel(desk, planned)
    if not cancelled(desk, lambda: _resting_exits(desk, planned.symbol, planned.request.side)):
        was_not_bare(desk, bare)
        why = "its resting orders were not cancelled in time; its exit waits"
        return failed(planned.symbol, why, ExitCode.BROKER)
    booked = book_new_activities(desk)  # the stop may have filled while it was being cancelled
    quantity = _to_sell(desk, planned)
    if quantity is None:
        return failed(planned.symbol, "its reads do not agree on what is left; its exit waits", ExitCode.BROKER).after(
            booked
        )
    quantity = saleable_shares(desk.broker, planned.symbol, quantity, planned.planned_price)
    if quantity <= 0:
        desk.ledger.orders.move(planned.client_order_id, OrderState.ABANDONED, desk.clock.now(), note="nothing to sell")
        return _nothing_to_sell(desk, planned).after(booked)
    intent = replace(planned, request=replace(planned.request, quantity=quantity))
    if intent != planned:
        store_intents(desk, [intent])
    sent = submit(desk, run, intent)
    (intent,) = await_ends(desk, [sent.intent])
    return StepResult(orders=(order_line(intent),)).after(booked, sent)


def _nothing_to_sell(desk: Desk, planned: Intent) -> StepResult:
    shown = _position(desk, planned.symbol)
    if shown is not None and shown.free_beside(ZERO) < abs(shown.quantity):
        return failed(planned.symbol, "another sell holds its shares; its exit waits", ExitCode.BROKER)
    return noted(f"{planned.symbol}: its stop had sold it when the exit was about to")


def exits_under_way(desk: Desk, orders: Iterable[BrokerOrder], symbol: str) -> tuple[BrokerOrder, ...]:
    """Our live orders among ``orders`` that close a position in ``symbol`` at the market."""
    decisions = ((order, desk.ownership.decision_of(order)) for order in orders if order.state.live)
    return tuple(order for order, made in decisions if made and made.symbol == symbol and made.purpose in _CLOSING)


def take_back(desk: Desk, orders: Iterable[BrokerOrder], symbol: str) -> StepResult | None:
    """Cancel the unfilled rest of the exits of ``symbol`` among ``orders``, and journal it; None where there is none.

    An exit that the broker does not show as cancelled in time stays live.
    """
    exits = exits_under_way(desk, orders, symbol)
    for order in exits:
        detail = {"gap": "exit taken back", "exit": order.client_order_id, "quantity": str(order.remaining)}
        desk.ledger.decisions.note("protection_gap", symbol, desk.clock.now(), detail)
    if not exits:
        return None
    if cancelled(desk, lambda: exits_under_way(desk, desk.broker.open_orders(), symbol)):
        return noted(f"{symbol}: what was not filled of its exit was taken back, to protect it until the next session")
    return failed(symbol, "what is not filled of its exit was not cancelled in time", ExitCode.BROKER)


def _resting_exits(desk: Desk, symbol: str, side: Side) -> tuple[BrokerOrder, ...]:
    """Our live orders that would close a position in ``symbol`` by trading on ``side``."""
    return tuple(
        order
        for order in desk.broker.open_orders()
        if order.symbol == symbol and order.side is side and is_explained(desk, order)
    )


def cancelled(desk: Desk, resting: Callable[[], tuple[BrokerOrder, ...]]) -> bool:
    """Cancel the orders that ``resting`` reads. True once a read shows none of them."""
    for order in resting():
        try:
            desk.broker.cancel(order.broker_order_id)
        except (OrderRefused, BrokerUnavailable, OutcomeUnknown):
            continue  # it ended by itself or with its sibling leg, or its answer was lost: the reads below show
    for pause in READ_PAUSES:
        desk.clock.sleep(pause)
        if not resting():
            return True
    return False


def position_again(desk: Desk, symbol: str) -> Decimal:
    """The shares that the broker shows of a symbol after a pause, negative for a short: a second look at them."""
    desk.clock.sleep(SECOND_LOOK_AFTER.total_seconds())
    shown = _position(desk, symbol)
    return shown.quantity if shown else ZERO


def _to_sell(desk: Desk, planned: Intent) -> Decimal | None:
    """The shares that a planned exit sells: at most those of the holding that the broker shows.

    Shares that another live sell holds stay. Fewer than the ledger explains take two reads in a row that agree; None
    where the reads never do.
    """
    held = (h for h in desk.ledger.books.holdings() if (h.strategy, h.symbol) == (planned.strategy, planned.symbol))
    holding = next(held, None)
    if holding is None:
        return ZERO
    wanted = min(planned.request.quantity, abs(holding.quantity))
    before: Decimal | None = None
    for _ in range(_MOST_READS):
        left = _free_of(holding, _position(desk, planned.symbol))
        if left >= wanted:
            return wanted
        if left == before:
            return left
        before = left
        desk.clock.sleep(SECOND_LOOK_AFTER.total_seconds())
    return None


def _position(desk: Desk, symbol: str) -> Position | None:
    return next((position for position in desk.broker.positions() if position.symbol == symbol), None)


def _free_of(holding: Holding, shown: Position | None) -> Decimal:
    """The shares of a holding that the broker shows and no live sell holds; 0 where it shows the opposite side."""
    return ZERO if shown is None else min(holding.shares_in(shown), shown.free_beside(ZERO))
