"""Checks of what is left over from before: halts, breaks, orders nobody saw arrive, bare positions, missed jobs."""

from __future__ import annotations

from tradebot.core.model.halts import Halt, distinct, level_of, sources_text
from tradebot.core.model.values import dollars
from tradebot.core.results.results import Check, CheckResult
from tradebot.core.safety.schedule_status import UNDONE, JobStatus
from tradebot.core.safety.stop_coverage import gaps, unprotected_dollars
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.steps import untradable
from tradebot.jobs.steps.halts import current_halts

PASS, WARN, FAIL = CheckResult.PASS, CheckResult.WARN, CheckResult.FAIL


def halts(desk: Desk, run: JobRun) -> Check:
    found = run.halts = current_halts(desk, run.session)
    if not found:
        return Check("halts", PASS, "none")
    reasons = "; ".join(f"{sources_text(same)}: {same[0].reason}" for same in distinct(found))
    if level_of(found).allows_entries:  # those of a strategy or a symbol
        return Check("halts", WARN, reasons, _remedy_of(found))
    return Check("halts", FAIL, f"{level_of(found)}: {reasons}", _remedy_of(found))


def _remedy_of(found: tuple[Halt, ...]) -> str:
    return f"find out why; it holds {', '.join(dict.fromkeys(halt.holds for halt in found))}"


def breaks(desk: Desk, run: JobRun) -> Check:
    run.breaks = desk.ledger.safety.breaks()
    matter = [found.message for found in run.breaks if found.matters]
    if not matter:
        return Check("breaks", PASS, "none open")
    messages = "; ".join(matter)
    return Check("breaks", WARN, messages, "these symbols take no entries; run `tradebot reconcile` and look")


def unknowns(desk: Desk, run: JobRun) -> Check:
    lost = [i for i in desk.ledger.orders.unsettled() if i.state.in_doubt]
    if not lost:
        return Check("unknown orders", PASS, "none")
    names = ", ".join(intent.client_order_id for intent in lost)
    return Check("unknown orders", WARN, names, "the next job asks the broker for them; their symbols are locked")


def protection(desk: Desk, run: JobRun) -> Check:
    positions = desk.broker.positions()
    quotes = desk.market.quotes(position.symbol for position in positions)
    found = gaps(desk.ledger.books.holdings(), positions, desk.broker.open_orders(), quotes)
    run.gaps = found
    if found:
        names = ", ".join(f"{gap.symbol} ({gap.kind})" for gap in found)
        figure = f"{dollars(unprotected_dollars(found))} unprotected: {names}"
        return Check("protection", WARN, figure, "the next job repairs the stops")
    return Check("protection", PASS, "every position of ours has its stop")


def trading(desk: Desk, run: JobRun) -> Check:
    found = untradable.find_untradable(desk, desk.broker.positions(), desk.broker.open_orders())
    if not found:
        return Check("trading", PASS, "everything at stake trades")
    return Check("trading", WARN, "; ".join(map(str, found)), found[0].remedy)


def schedule(desk: Desk, run: JobRun) -> Check:
    """Jobs that nothing ran, or that failed, since one of their kind last ran."""
    undone: dict[str, list[str]] = {}
    for cell in desk.job_schedule().cells():
        if cell.mark in UNDONE:
            undone.setdefault(cell.job, []).append(f"{cell.session} {cell.mark}")
        elif cell.mark in (JobStatus.RAN, JobStatus.LATE):
            undone.pop(cell.job, None)
    if not undone:
        return Check("schedule", PASS, "nothing missed since every job last ran")
    figure = "; ".join(f"{job}: {', '.join(sessions)}" for job, sessions in undone.items())
    return Check("schedule", WARN, figure, "look at cron and its mail; `tradebot schedule verify` compares the entries")
