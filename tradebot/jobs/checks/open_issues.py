"""Checks of open issues: halts, breaks, unknown outcomes, missing stops, symbols that do not trade, missed jobs."""

from __future__ import annotations

from tradebot.core.model.breaks import pending_text
from tradebot.core.model.halts import Halt, distinct, level_of, sources_text
from tradebot.core.model.values import dollars
from tradebot.core.results.preflight_checks import Check, CheckResult
from tradebot.core.safety.schedule_status import UNDONE, JobStatus
from tradebot.core.safety.stop_coverage import unprotected_dollars
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.steps import untradable
from tradebot.jobs.steps.halts import current_halts
from tradebot.jobs.steps.stop_gaps import look_for_gaps

PASS, WARN, FAIL = CheckResult.PASS, CheckResult.WARN, CheckResult.FAIL


def halts(desk: Desk, run: JobRun) -> Check:
    """Fails while the account is halted; warns while a strategy or a symbol is."""
    run.halts = current_halts(desk, run.session)
    if not run.halts:
        return Check("halts", PASS, "none")
    reasons = "; ".join(f"{sources_text(same)}: {same[0].reason}" for same in distinct(run.halts))
    if level_of(run.halts).allows_entries:  # every halt is of a strategy or a symbol
        return Check("halts", WARN, reasons, _remedy_of(run.halts))
    return Check("halts", FAIL, f"{level_of(run.halts)}: {reasons}", _remedy_of(run.halts))


def _remedy_of(halts: tuple[Halt, ...]) -> str:
    return f"find out why; it holds {', '.join(dict.fromkeys(halt.holds for halt in halts))}"


def breaks(desk: Desk, run: JobRun) -> Check:
    """Warns of open breaks that matter, and of differences that one look has shown."""
    run.breaks = desk.ledger.halts_and_breaks.breaks()
    matter = [each.message for each in run.breaks if each.matters]
    matter += [pending_text(each) for each in desk.ledger.halts_and_breaks.pending() if each.matters]
    if not matter:
        return Check("breaks", PASS, "none open")
    messages = "; ".join(matter)
    return Check("breaks", WARN, messages, "these symbols take no entries; run `tradebot reconcile` and look")


def unknowns(desk: Desk, run: JobRun) -> Check:
    """Warns of orders whose outcome is unknown."""
    lost = [i for i in desk.ledger.orders.unsettled() if i.state.in_doubt]
    if not lost:
        return Check("unknown orders", PASS, "none")
    names = ", ".join(intent.client_order_id for intent in lost)
    return Check("unknown orders", WARN, names, "the next job asks the broker for them; their symbols are locked")


def protection(desk: Desk, run: JobRun) -> Check:
    """Warns of positions of ours without their stop."""
    positions = desk.broker.positions()
    quotes = desk.market.quotes(position.symbol for position in positions)
    run.gaps = look_for_gaps(desk, desk.ledger.books.holdings(), positions, desk.broker.open_orders(), quotes)
    if run.gaps:
        names = ", ".join(f"{gap.symbol} ({gap.kind})" for gap in run.gaps)
        figure = f"{dollars(unprotected_dollars(run.gaps))} unprotected: {names}"
        return Check("protection", WARN, figure, "the next job repairs the stops")
    return Check("protection", PASS, "every position of ours has its stop")


def trading(desk: Desk, run: JobRun) -> Check:
    """Warns of held symbols and open orders that do not trade."""
    symbols = untradable.find_untradable(desk, desk.broker.positions(), desk.broker.open_orders())
    if not symbols:
        return Check("trading", PASS, "every symbol that is held or ordered trades")
    return Check("trading", WARN, "; ".join(map(str, symbols)), symbols[0].remedy)


def schedule(desk: Desk, run: JobRun) -> Check:
    """Warns of jobs that were missed or failed and have not run since."""
    undone: dict[str, list[str]] = {}
    for each in desk.job_schedule().session_jobs():
        if each.mark in UNDONE:
            undone.setdefault(each.job, []).append(f"{each.session} {each.mark}")
        elif each.mark in (JobStatus.RAN, JobStatus.LATE):
            undone.pop(each.job, None)
    if not undone:
        return Check("schedule", PASS, "nothing missed since every job last ran")
    figure = "; ".join(f"{job}: {', '.join(sessions)}" for job, sessions in undone.items())
    return Check("schedule", WARN, figure, "look at cron and its mail; `tradebot schedule verify` compares the entries")
