"""run-daily: trade one session.

The order keeps it safe: settle and compare with the broker, check halts and circuit breakers, execute exits, plan
entries, store them, send them, wait for their outcomes, and prove that every position of ours is protected.
"""

from __future__ import annotations

from contextlib import suppress

from tradebot.core.model.halts import level_of
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.orders import Intent, OrderState
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import plural
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import BrokerUnavailable, Stopped
from tradebot.jobs import trading_session
from tradebot.jobs.desk import Desk
from tradebot.jobs.enter import enter
from tradebot.jobs.job_run import JobRun, open_run, record
from tradebot.jobs.preflight import run_entry_checks
from tradebot.jobs.step_results import StepResult
from tradebot.jobs.steps.counters import halt_repeating_strategies
from tradebot.jobs.steps.decision_log import store_decisions, store_signals
from tradebot.jobs.steps.halts import refresh_halts, why_no_entries
from tradebot.jobs.steps.lost_orders import is_lost
from tradebot.jobs.steps.planning import (
    check_symbols_have_bars,
    count_probation_session,
    history_for,
    inputs_of,
    make_plan,
    read_signals,
)


def run(desk: Desk) -> Outcome:
    """Trade this session, at most once. Raises BrokerUnavailable, LedgerError and Stopped."""
    run = open_run(desk, Job.RUN_DAILY)
    idle = _nothing_to_do(desk, run)
    return record(desk, run, lambda: _idle(desk, run, idle) if idle else _trade(desk, run))


def _idle(desk: Desk, run: JobRun, why: str) -> Outcome:
    run.halts = refresh_halts(desk, run.session)
    return run.outcome(RunStatus.IDLE, why)


def _nothing_to_do(desk: Desk, run: JobRun) -> str:
    """Why this run has nothing to do; "" if it has."""
    market = run.market
    if market.today is None:
        return f"{market.now:%Y-%m-%d} is no session of the exchange: nothing to do"
    if not market.is_open:
        state = "not open yet" if market.now < market.today.opens else "closed for the day"
        return f"session {market.today.session}: the exchange is {state}, nothing was sent"
    traded = any(
        past.job is Job.RUN_DAILY and past.status is RunStatus.RAN
        for past in desk.ledger.runs.of_session(market.today.session)
    )
    if traded:
        return f"session {market.today.session} was traded already: nothing was sent"
    return desk.job_schedule().why_too_late()


def _trade(desk: Desk, run: JobRun) -> Outcome:
    desk.strategies.prepare()
    _ask_for_all_prices(desk, run)
    state = trading_session.begin(desk, run)
    run_entry_checks(desk, run)
    read = run.add(read_signals(desk, run))
    signals = read.signals
    store_signals(desk, run, read)
    run.add(check_symbols_have_bars(desk))
    run.halts = halt_repeating_strategies(desk, run, signals)
    count_probation_session(desk, run, signals)
    situation, plan = make_plan(desk, run, state, signals)
    seen = situation.quotes
    if plan.exits:
        state = trading_session.execute_exits(desk, run, state, plan.exits, signals)
    confirmed = trading_session.confirm(desk, run, state)
    if plan.exits or confirmed is not state:
        situation, plan = make_plan(desk, run, confirmed, signals)
    desk.ledger.decision_inputs.store(run.run_id, inputs_of(desk, run, situation, seen))
    store_decisions(desk, run, plan.entries, plan.denials, signals)
    run.add(StepResult(denials=plan.denials))
    try:
        enter(desk, run, plan)
    except Stopped:
        trading_session.end(desk, run)
        raise
    trading_session.end(desk, run)
    return run.outcome(*_verdict(desk, run), desk.ledger.history.totals())


def _verdict(desk: Desk, run: JobRun) -> tuple[RunStatus, str]:
    """The status and the headline of a session that was traded."""
    unsent = _not_surely_sent(desk, run)
    if unsent:
        return RunStatus.FAILED, f"session {run.session}: {unsent}; run it again to settle and go on"
    if not level_of(run.halts).allows_entries:
        reason = f"halted, no entries ({why_no_entries(run.halts)})"
        return RunStatus.BLOCKED, f"session {run.session}: {reason}; once it is over run it again"
    if run.objections:
        reason = "; ".join(f"{check.name}: {check.figure}" for check in run.objections)
        return RunStatus.BLOCKED, f"session {run.session}: no entries ({reason}); run it again"
    filled = sum(1 for line in run.done.orders if line.filled_quantity > 0)
    orders, denials = plural(len(run.done.orders), "order"), plural(len(run.done.denials), "denial")
    return RunStatus.RAN, f"session {run.session} traded: {orders}, {filled} filled, {denials}"


def _ask_for_all_prices(desk: Desk, run: JobRun) -> None:
    """Where responses may be used again, ask once for the bars and the quotes of all symbols.

    Bars come first: they take longest, and do not age as the account and the quotes do. A failure is suppressed here,
    so that open intents are settled all the same; the step that needs the prices asks again.
    """
    can_wait = desk.broker.capabilities.protects_entries  # else shares that a killed job left bare come first
    if can_wait and desk.fresh_for and desk.strategies.loaded:
        with suppress(BrokerUnavailable), run.step("history"):
            history_for(desk, run)
            desk.market.quotes({symbol for info in desk.strategies.loaded for symbol in info.symbols})


def _not_surely_sent(desk: Desk, run: JobRun) -> str:
    """How many orders of this session were sent without a sign that they arrived; "" for none.

    A lost entry is not among them: it is never sent again, and another run would settle nothing.
    """
    intents = [
        intent
        for intent in desk.ledger.orders.unsettled()
        if intent.session == run.session and _may_not_have_arrived(intent)
        if intent.purpose.reduces or not is_lost(desk, intent)
    ]
    return f"the broker has not confirmed {plural(len(intents), 'order')} that left" if intents else ""


def _may_not_have_arrived(intent: Intent) -> bool:
    return intent.sends > 0 and (intent.state is OrderState.PLANNED or intent.state.in_doubt)
