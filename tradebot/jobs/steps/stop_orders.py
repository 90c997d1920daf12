"""Places and moves the stop of a holding.

A broker that replaces orders moves a stop in one request, so that the holding is never without one. At any other the
old stop is cancelled and seen to end, and the new one is placed; where that is not taken, the old one again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from tradebot.core.model.holdings import Holding
from tradebot.core.model.orders import BrokerOrder, Intent, Purpose, TimeInForce
from tradebot.core.model.values import tick_size
from tradebot.core.safety.stop_coverage import coverable_shares
from tradebot.errors import ExitCode
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.step_results import AccountState, StepResult, failed
from tradebot.jobs.steps.activities import book_new_activities
from tradebot.jobs.steps.bare_time import begin_before_cancel, was_not_bare
from tradebot.jobs.steps.close import cancelled
from tradebot.jobs.steps.submit import attempt_after, order_line, reducing_intent, store_intents, submit
from tradebot.jobs.steps.sync import is_explained

#: Why a stop is placed: right after its entry, or where one was missing.
ENTRY_STOP = "the stop of its entry, which the broker does not take along"
LATER_STOP = "protects a position that had no stop at the broker"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopResult(StepResult):
    """The result of a step that places or moves a stop."""

    is_set: bool  # whether a stop of the holding's price and quantity rests now


def place_stop(desk: Desk, run: JobRun, holding: Holding, reason: str = LATER_STOP) -> StopResult:
    """Place the stop of a holding that has none."""
    attempt = attempt_after(desk, run, holding.strategy, holding.symbol, Purpose.STOP)
    if attempt is None:
        return StopResult(is_set=False)  # an earlier one is not settled; a second could sell twice
    intent = reducing_intent(desk, run, holding, Purpose.STOP, attempt, holding.stop_price, reason)
    store_intents(desk, [intent])
    return _sent(desk, run, intent)


def move_stop(desk: Desk, run: JobRun, holding: Holding, state: AccountState, *, renews: bool = False) -> StopResult:
    """Change the resting stop to the holding's price and quantity.

    With ``renews`` the resting stop is replaced even if it is as wanted, because it lapses soon.
    """
    resting = resting_stop(desk, state, holding)
    if resting is not None and not renews and _is_as_wanted(resting, holding):
        return StopResult(is_set=True)  # sent by an earlier run that ended before it stored the holding's new stop
    attempt = attempt_after(desk, run, holding.strategy, holding.symbol, Purpose.STOP, replacing=True)
    if resting is None or attempt is None:
        return StopResult(is_set=False)
    reason = f"replaces the stop at {resting.stop_price} for {resting.quantity}"
    replaces = desk.broker.capabilities.replace
    price = _another_price(resting, holding) if renews and replaces else holding.stop_price
    intent = reducing_intent(desk, run, holding, Purpose.STOP, attempt, price, reason)
    store_intents(desk, [intent])
    return _sent(desk, run, intent, resting.broker_order_id) if replaces else _swap(desk, run, intent, holding)


def resting_stop(desk: Desk, state: AccountState, holding: Holding) -> BrokerOrder | None:
    """Our stop over a holding, the largest if there are several.

    A stop that a person placed is not ours to change, and a leg whose entry is live is for the shares that it may buy.
    """
    live = {order.broker_order_id for order in state.open_orders}
    stops = [
        order
        for order in state.open_orders
        if order.symbol == holding.symbol and order.side is holding.side.opposite and order.stop_price is not None
        if not (order.held and order.parent_id in live)
    ]
    return max((stop for stop in stops if is_explained(desk, stop)), key=lambda stop: stop.remaining, default=None)


def _swap(desk: Desk, run: JobRun, intent: Intent, holding: Holding) -> StopResult:
    """Cancel the stops of a holding, see them end, and send ``intent``; where it is not taken, the last stop again.

    Every stop of ours ends, so that no two of them sell the same shares. What they sold meanwhile is not covered again.
    """
    before = next((each for each in desk.ledger.books.holdings() if _is_same(each, holding)), None)
    bare = begin_before_cancel(desk, intent)

    def resting() -> tuple[BrokerOrder, ...]:
        orders = desk.broker.open_orders()
        closing = (each for each in orders if each.symbol == intent.symbol and each.side is intent.request.side)
        return tuple(each for each in closing if each.stop_price is not None and is_explained(desk, each))

    if not cancelled(desk, resting):
        was_not_bare(desk, bare)
        why = "its stop was not seen to end after it was cancelled, so no other was placed"
        return StopResult(is_set=False).after(failed(intent.symbol, why, ExitCode.BROKER))
    booked = book_new_activities(desk)
    held = next((each for each in desk.ledger.books.holdings() if _is_same(each, holding)), None)
    left = min(abs(held.quantity), abs(holding.quantity)) if held else Decimal(0)
    if before is None or not coverable_shares(left):
        return StopResult(is_set=False).after(booked)  # the old stop sold it
    if coverable_shares(left) != intent.request.quantity:
        intent = replace(intent, request=replace(intent.request, quantity=coverable_shares(left)))
        store_intents(desk, [intent])
    sent = _sent(desk, run, intent)
    if sent.is_set:
        return StopResult(is_set=True).after(booked, sent)
    again = place_stop(desk, run, replace(before, quantity=left.copy_sign(holding.quantity)))
    return StopResult(is_set=False).after(booked, sent, again)


def _sent(desk: Desk, run: JobRun, intent: Intent, replacing: str | None = None) -> StopResult:
    sent = submit(desk, run, intent, replacing)
    is_set = sent.intent.state.live and not sent.intent.state.in_doubt and sent.rests
    return StopResult(is_set=is_set, orders=(order_line(sent.intent),)).after(sent)


def _is_same(one: Holding, other: Holding) -> bool:
    return (one.strategy, one.symbol) == (other.strategy, other.symbol)


def _another_price(resting: BrokerOrder, holding: Holding) -> Decimal:
    """The price of a renewed stop: a tick better where nothing else changes.

    Alpaca refuses a replacement that changes nothing ("order parameters are not changed",
    https://github.com/alpacahq/alpaca-py/issues/412).
    """
    price = holding.stop_price
    if resting.time_in_force is not TimeInForce.GTC or resting.stop_price != price:
        return price
    return price + tick_size(price) * holding.side.sign


def _is_as_wanted(stop: BrokerOrder, holding: Holding) -> bool:
    return (stop.stop_price, stop.remaining) == (holding.stop_price, abs(coverable_shares(holding.quantity)))
