"""Settles lost orders at a broker that finds none for certain by its id: by its lists, and by what holds the shares.

``core.safety.lost_orders`` decides; this step takes the looks that the decision needs, and stores it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from tradebot.core.model.exchange_time import NEW_YORK
from tradebot.core.model.holdings import shares_by_symbol
from tradebot.core.model.orders import BrokerOrder, Intent, OrderState, Purpose, TimeInForce
from tradebot.core.model.values import ZERO
from tradebot.core.safety.lost_orders import BETWEEN_LOOKS, Look, LostOrder, Verdict, look_for, verdict
from tradebot.errors import ExitCode
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.step_results import StepResult, failed, noted
from tradebot.jobs.steps.submit import apply_broker_state

#: Why a lost order is in its state.
GONE_WITH_ITS_SESSION = "no list of the broker's had it until its session was over: it never arrived"
MAY_BE_SENT_AGAIN = "no list of the broker's has it, and nothing holds its shares: it may be sent once more"
GIVEN_UP = "no list of the broker's has it, and nothing holds its shares: its id is given up"


def is_lost(desk: Desk, intent: Intent) -> bool:
    """Whether an intent is a lost order: in doubt, never shown, and the broker finds no order for certain by its id."""
    return intent.state.in_doubt and intent.broker_order_id is None and not desk.broker.capabilities.finds_by_id


def lost_sells(desk: Desk) -> tuple[Intent, ...]:
    """The lost orders of the ledger that reduce a position."""
    return tuple(each for each in desk.ledger.orders.unsettled() if each.purpose.reduces and is_lost(desk, each))


def settle_lost_orders(desk: Desk, run: JobRun, lost: Sequence[Intent]) -> StepResult:
    """Settle lost orders that no list has shown a moment ago, as far as can be said now.

    Where a sell is among them, its quarantine is waited for, and the account is looked at twice. An order that a list
    shows meanwhile is taken from there. Raises BrokerUnavailable.
    """
    if not lost:
        return StepResult()
    known = {intent.client_order_id: _known_of(desk, intent) for intent in lost}
    looks = {intent.client_order_id: list[Look]() for intent in lost}
    now = desk.clock.now()
    waiting = {each.client_order_id: each for each in lost}
    sells = [each for each in lost if each.purpose.reduces]
    moment = max(now, *(known[each.client_order_id].arrived_by for each in sells)) if sells else now
    for _ in range(2 if sells else 1):
        _wait_until(desk, moment)
        for shown in _look(desk, waiting.values(), moment, looks).values():
            apply_broker_state(desk, waiting.pop(shown.client_order_id), shown)
        moment = max(moment, desk.clock.now()) + BETWEEN_LOOKS  # the look itself may take seconds
    return StepResult().after(
        *(_settle(desk, run, intent, known[each], looks[each]) for each, intent in waiting.items())
    )


def _known_of(desk: Desk, intent: Intent) -> LostOrder:
    lost_at = desk.ledger.orders.moved_at(intent.client_order_id)
    ends = intent.purpose is Purpose.ENTRY or intent.request.time_in_force is TimeInForce.DAY
    return LostOrder(
        reduces=intent.purpose.reduces,
        sends=intent.sends,
        lost_at=lost_at,
        ended_at=_close_after(desk, lost_at) if ends else None,
    )


def _close_after(desk: Desk, moment: datetime) -> datetime:
    """The first close of the exchange after a moment."""
    day = moment.astimezone(NEW_YORK).date()
    hours = desk.calendar.hours(day)
    return hours.closes if hours is not None and hours.closes > moment else desk.calendar.following(day).closes


def _wait_until(desk: Desk, moment: datetime) -> None:
    desk.clock.sleep(max(moment - desk.clock.now(), timedelta(0)).total_seconds())


def _look(
    desk: Desk, lost: Iterable[Intent], moment: datetime, looks: Mapping[str, list[Look]]
) -> Mapping[str, BrokerOrder]:
    """Take one look at the account, and return the orders that a list has by now.

    One that arrives between two reads shows among the open orders alone: what it holds is no other's.
    Where waiting takes no time, as at the embedded exchange, the look counts as taken at ``moment``.
    """
    asked = list(lost)
    ids = {intent.client_order_id for intent in asked}
    by_id = desk.broker.orders(ids)
    listed = desk.broker.open_orders()
    shown = {**by_id, **{order.client_order_id: order for order in listed if order.client_order_id in ids}}
    positions = {position.symbol: position for position in desk.broker.positions()}
    booked = shares_by_symbol(desk.ledger.books.lots())
    at = max(moment, desk.clock.now())
    for intent in asked:
        symbol = intent.symbol
        look = look_for(intent, at, positions.get(symbol), listed, booked.get(symbol, ZERO))
        looks[intent.client_order_id].append(look)
    return shown


def _settle(desk: Desk, run: JobRun, intent: Intent, known: LostOrder, looks: Sequence[Look]) -> StepResult:
    said = verdict(known, looks)
    if said is Verdict.WAIT:
        return failed(f"order {intent.client_order_id}", _waits(intent), ExitCode.BROKER)
    if said is Verdict.SEND_AGAIN and intent.session == run.session:
        state, why = OrderState.PLANNED, MAY_BE_SENT_AGAIN
    else:
        is_over = known.ended_at is not None and looks[-1].at >= known.ended_at
        state, why = OrderState.ABANDONED, GONE_WITH_ITS_SESSION if is_over else GIVEN_UP
    desk.ledger.orders.move(intent.client_order_id, state, desk.clock.now(), note=why)
    return noted(f"{intent.symbol}: the answer to its {intent.purpose} order was lost; {why}")


def _waits(intent: Intent) -> str:
    if intent.purpose.reduces:
        return (
            "its answer was lost, and the broker does not show that nothing holds its shares: it is not sent again "
            "before that"
        )
    return (
        f"its answer was lost, and no list of the broker's has it yet. It is never sent again; {intent.symbol} takes "
        "no entry until it is found or its session is over"
    )
