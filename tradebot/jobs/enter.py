"""Sends the entries of a plan.

Where an entry takes its stop along, they leave one after another, and the job waits for all of them. Where it does not,
the stop is ours to place: one entry is sent and seen to end, its stop is placed, and only then the next leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tradebot.core.model.holdings import Holding
from tradebot.core.model.orders import Intent
from tradebot.core.model.plan import Plan
from tradebot.errors import BrokerUnavailable
from tradebot.jobs.circuit_breakers import check_between_orders
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.step_results import AccountState, noted
from tradebot.jobs.steps.activities import book_new_activities
from tradebot.jobs.steps.bare_time import begin_after_fill, end_with_stop
from tradebot.jobs.steps.lost_orders import is_lost
from tradebot.jobs.steps.overdue_entries import await_entries, await_entry
from tradebot.jobs.steps.protect import protect
from tradebot.jobs.steps.stop_orders import place_stop
from tradebot.jobs.steps.submit import store_intents, submit
from tradebot.jobs.steps.sync import read_account_state, resolve_open_intents


def enter(desk: Desk, run: JobRun, plan: Plan) -> None:
    """Store every entry of a plan and send them. Raises BrokerUnavailable, LedgerError, Locked and Stopped.

    Whatever stops the rest, those sent are waited for, and what they bought gets its stop.
    """
    with run.step("send"):
        with desk.ledger.transaction():
            store_intents(desk, plan.entries)
            desk.ledger.limits_used.store(run.session, plan.limits_used, desk.clock.now())
        if desk.broker.capabilities.protects_entries:
            _enter_together(desk, run, plan.entries)
        else:
            _enter_singly(desk, run, plan.entries)


def _enter_together(desk: Desk, run: JobRun, entries: Sequence[Intent]) -> None:
    sent: list[Intent] = []
    began = desk.clock.now()
    try:
        for intent in entries:
            if sent:
                check_between_orders(desk, run)
            sent.append(run.add(submit(desk, run, intent)).intent)
    finally:
        run.add(await_entries(desk, sent, began))


def _enter_singly(desk: Desk, run: JobRun, entries: Sequence[Intent]) -> None:
    """Send entries whose stops are ours to place, the next once the one before has ended and is protected.

    A lost entry, which no list shows, locks its own symbol alone. It is looked for again before each that follows.
    """
    for number, intent in enumerate(entries):
        if number:
            check_between_orders(desk, run)
        if any(is_lost(desk, each) for each in desk.ledger.orders.unsettled()):
            _look_and_protect(desk, run)
        if not _entered(desk, run, intent):
            left = entries[number + 1 :]
            if left:
                names = ", ".join(each.symbol for each in left)
                run.add(noted(f"{intent.symbol} was not seen to end and to be protected: not sent were {names}"))
            return


def _entered(desk: Desk, run: JobRun, intent: Intent) -> bool:
    """Send one entry, see it end, and place the stop of what it bought. Whether all that was seen."""
    began = desk.clock.now()
    sent = run.add(submit(desk, run, intent)).intent
    try:
        if sent.state.in_doubt:
            run.add(resolve_open_intents(desk, run))
            sent = desk.ledger.orders.get(sent.client_order_id) or sent
        sent, waited = await_entry(desk, sent, began)
        run.add(waited)
        if sent.filled_quantity:
            return _protected(desk, run, sent, began)
    except BrokerUnavailable:
        _look_and_protect(desk, run)  # raises where the broker stays away
        raise
    return sent.state.terminal or is_lost(desk, sent)


def _protected(desk: Desk, run: JobRun, entry: Intent, began: datetime) -> bool:
    """Place the stop of what an entry bought, before anything else is asked. Whether it rests, and the entry has ended.

    The entry's own figures tell what to protect: positions and activities may show it later.
    """
    begin_after_fill(desk, entry, began)
    if entry.state.terminal and run.add(place_stop(desk, run, _bought(entry))).is_set:
        end_with_stop(desk, entry)
        return True
    state = _look_and_protect(desk, run)
    is_held = any((each.strategy, each.symbol) == (entry.strategy, entry.symbol) for each in state.holdings)
    bare = any(gap.symbol == entry.symbol and gap.dollars for gap in state.gaps)
    return entry.state.terminal and is_held and not bare


def _bought(entry: Intent) -> Holding:
    """The holding that an entry has made, as booking its fills will make it."""
    assert entry.request.stop_loss is not None and entry.policy is not None, "an entry is planned with its stop"
    price = entry.average_fill_price or entry.planned_price
    return Holding(
        strategy=entry.strategy,
        symbol=entry.symbol,
        quantity=entry.filled_quantity * entry.request.side.sign,
        entry_price=price,
        stop_price=entry.request.stop_loss,
        target_price=entry.request.take_profit,
        high_water=price,
        policy=entry.policy,
        opened_session=entry.session,
    )


def _look_and_protect(desk: Desk, run: JobRun) -> AccountState:
    run.add(resolve_open_intents(desk, run))
    run.add(book_new_activities(desk))
    return run.add(protect(desk, run, run.add(read_account_state(desk, run)).state)).state
