"""check-exits: mark positions, raise trailing stops and execute exits, between the session's entries and its close."""

from __future__ import annotations

from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import plural
from tradebot.core.results.outcomes import Outcome
from tradebot.jobs import trading_session
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, open_run, record
from tradebot.jobs.step_results import StepResult
from tradebot.jobs.steps.decision_log import store_decisions
from tradebot.jobs.steps.halts import refresh_halts
from tradebot.jobs.steps.planning import make_plan, read_signals


def run(desk: Desk) -> Outcome:
    """Check every holding for exits; enter nothing. Raises BrokerUnavailable, LedgerError and Stopped."""
    run = open_run(desk, Job.CHECK_EXITS)
    return record(desk, run, lambda: _check_exits(desk, run))


def _check_exits(desk: Desk, run: JobRun) -> Outcome:
    if run.market.today is None or not run.market.is_open:
        run.halts = refresh_halts(desk, run.session)
        return run.outcome(RunStatus.IDLE, "the exchange is closed: nothing to do")
    state = trading_session.begin(desk, run)
    if state.holdings:
        signals = run.add(read_signals(desk, run)).signals
        _, plan = make_plan(desk, run, state, signals)
        denials = tuple(denial for denial in plan.denials if denial.purpose.reduces)
        store_decisions(desk, run, (), denials, signals)
        run.add(StepResult(denials=denials))
        trading_session.execute_exits(desk, run, state, plan.exits, signals)
    trading_session.end(desk, run)
    checked, sent = plural(len(run.done.exits), "position"), plural(len(run.done.orders), "order")
    return run.outcome(RunStatus.RAN, f"{checked} checked for exits, {sent} sent")
