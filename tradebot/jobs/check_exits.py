"""check-exits: between the trades of the day, mark positions, raise trailing stops, and leave what is to be left."""

from __future__ import annotations

from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import plural
from tradebot.core.results.outcomes import Outcome
from tradebot.jobs import trading_session
from tradebot.jobs.desk import Desk, JobRun, open_run, recorded
from tradebot.jobs.steps.decision_log import store_decisions
from tradebot.jobs.steps.halts import refresh_halts
from tradebot.jobs.steps.planning import make_plan, read_signals


def run(desk: Desk) -> Outcome:
    """Look after what is held; enters nothing. Raises BrokerUnavailable, LedgerError and Stopped."""
    run = open_run(desk, Job.CHECK_EXITS)
    with recorded(desk, run) as record:
        if run.market.today is None or not run.market.is_open:
            refresh_halts(desk, run)
            outcome = run.outcome(RunStatus.IDLE, "the exchange is closed: nothing to do")
        else:
            outcome = _look_after(desk, run)
        record.ends(outcome)
    return outcome


def _look_after(desk: Desk, run: JobRun) -> Outcome:
    state = trading_session.begin(desk, run)
    if state.holdings:
        signals = read_signals(desk, run)
        plan = make_plan(desk, run, state, signals)
        store_decisions(desk, run, (), (denial for denial in plan.denials if denial.purpose.reduces), signals)
        trading_session.leave(desk, run, state, plan.exits, signals)
    trading_session.end(desk, run)
    looked_at, sent = plural(len(run.exits), "position"), plural(len(run.orders), "order")
    return run.outcome(RunStatus.RAN, f"{looked_at} checked for exits, {sent} sent")
