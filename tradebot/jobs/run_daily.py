"""run-daily: one session's trading, in the order that keeps it safe.

Settle and compare with the broker, look at halts and breakers, leave what is to be left, decide what to enter, write
it down, send it, see what became of it, prove that everything held is protected, and tell the story.
"""

from __future__ import annotations

from contextlib import suppress

from tradebot.core.accounting.performance import totals
from tradebot.core.model.halts import level_of
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.orders import Intent, OrderState
from tradebot.core.model.plan import Plan
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import plural
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import BrokerUnavailable
from tradebot.jobs import trading_session
from tradebot.jobs.circuit_breakers import look_between_orders
from tradebot.jobs.desk import Desk, Story, open_story, recorded
from tradebot.jobs.preflight import object_to_entries
from tradebot.jobs.steps.counters import stop_repeaters
from tradebot.jobs.steps.decision_log import remember
from tradebot.jobs.steps.halts import look_at_halts, why_no_entries
from tradebot.jobs.steps.planning import (
    history_for,
    make_plan,
    read_signals,
    serve_probation,
    tell_symbols_without_bars,
)
from tradebot.jobs.steps.submit import await_ends, order_line, send, write_down


def run(desk: Desk) -> Outcome:
    """Trade this session once. Raises BrokerUnavailable, LedgerError and Stopped; all else is in the outcome."""
    story = open_story(desk, Job.RUN_DAILY)
    idle = _nothing_to_do(desk, story)
    with recorded(desk, story) as record:
        if idle:
            look_at_halts(desk, story)
            outcome = story.outcome(RunStatus.IDLE, idle)
        else:
            outcome = _trade(desk, story)
        record.ends(outcome)
    return outcome


def _nothing_to_do(desk: Desk, story: Story) -> str:
    """Why this run has nothing to do, or an empty text."""
    market = story.market
    if market.today is None:
        return f"{market.now:%Y-%m-%d} is no session of the exchange: nothing to do"
    if not market.is_open:
        state = "not open yet" if market.now < market.today.opens else "closed for the day"
        return f"session {market.today.session}: the exchange is {state}, nothing was sent"
    traded = any(
        run.job is Job.RUN_DAILY and run.status is RunStatus.RAN
        for run in desk.ledger.runs.of_session(market.today.session)
    )
    if traded:
        return f"session {market.today.session} was traded already: nothing was sent"
    return desk.timekeeper().why_stale()


def _trade(desk: Desk, story: Story) -> Outcome:
    _ask_for_all_prices(desk, story)
    sheet = trading_session.begin(desk, story)
    object_to_entries(desk, story)
    signals = read_signals(desk, story)
    tell_symbols_without_bars(desk, story)
    stop_repeaters(desk, story, signals)
    serve_probation(desk, story, signals)
    plan = make_plan(desk, story, sheet, signals)
    if plan.exits:
        sheet = trading_session.leave(desk, story, sheet, plan.exits, signals)
        plan = make_plan(desk, story, sheet, signals)
    remember(desk, story, plan.entries, plan.denials, signals)
    _enter(desk, story, plan)
    trading_session.end(desk, story)
    story.totals = totals(desk.ledger.records.results())
    unsent = _not_surely_sent(desk, story)
    if unsent:
        return story.outcome(RunStatus.FAILED, f"session {story.session}: {unsent}; run it again to settle and go on")
    if not level_of(story.halts).allows_entries:
        reason = f"halted, no entries ({why_no_entries(story.halts)})"
        return story.outcome(RunStatus.BLOCKED, f"session {story.session}: {reason}; once it is over run it again")
    if story.objections:
        reason = "; ".join(f"{check.name}: {check.figure}" for check in story.objections)
        return story.outcome(RunStatus.BLOCKED, f"session {story.session}: no entries ({reason}); run it again")
    return story.outcome(RunStatus.RAN, _headline(story))


def _ask_for_all_prices(desk: Desk, story: Story) -> None:
    """Where an answer may be used again, ask once for what all symbols did and what they cost now.

    Bars come first: they take longest and do not age, as the account and prices do that are read after them. What
    cannot be had keeps nothing from being settled; whoever needs it asks again.
    """
    if desk.fresh_for and desk.strategies.loaded:
        with suppress(BrokerUnavailable), story.step("history"):
            history_for(desk, story)
            desk.market.quotes({symbol for info in desk.strategies.loaded for symbol in info.symbols})


def _enter(desk: Desk, story: Story, plan: Plan) -> None:
    """Write every entry down, send one after another, and see what becomes of those sent, whatever stopped the rest."""
    with story.step("send"):
        write_down(desk, plan.entries)
        sent: list[Intent] = []
        try:
            for intent in plan.entries:
                if sent:
                    look_between_orders(desk, story)
                sent.append(send(desk, story, intent))
        finally:
            story.orders.extend(order_line(intent) for intent in await_ends(desk, sent))


def _not_surely_sent(desk: Desk, story: Story) -> str:
    """What of this session's decisions the broker has not been seen to take, or an empty text."""
    loose = (OrderState.PLANNED, OrderState.SUBMITTING, OrderState.UNKNOWN)
    intents = [
        intent
        for intent in desk.ledger.orders.unsettled()
        if intent.session == story.session and intent.state in loose and intent.sends > 0
    ]
    return f"sent and not seen to arrive: {plural(len(intents), 'order')}" if intents else ""


def _headline(story: Story) -> str:
    filled = sum(1 for line in story.orders if line.filled_quantity > 0)
    orders, denials = plural(len(story.orders), "order"), plural(len(story.denials), "denial")
    return f"session {story.session} traded: {orders}, {filled} filled, {denials}"
