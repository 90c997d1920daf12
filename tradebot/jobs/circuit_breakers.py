"""Circuit breakers at work: what halts the account without being asked, looked at when a job begins and between orders.

A loss makes an emergency stop, the same as the command does, through the job's own desk. The other breakers only keep
entries from being sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tradebot.core.accounting.lots import lots_after
from tradebot.core.model.account import AccountSnapshot
from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.model.ledger_rows import Run, RunStatus
from tradebot.core.model.ownership import Explained
from tradebot.core.model.schedule import Job
from tradebot.core.results.results import StopOutcome
from tradebot.core.risk.circuit_breakers import (
    COUNTED_JOBS,
    COUNTED_STATUSES,
    Standing,
    breached,
    failing,
    tripped,
    unexplained_value,
)
from tradebot.core.safety.stop_state import View, Wish
from tradebot.errors import ExitCode, TradebotError
from tradebot.jobs.desk import Desk, Story, read_account
from tradebot.jobs.emergency_stop import run as emergency_stop
from tradebot.jobs.emergency_stop.desk import desk_for_stop
from tradebot.jobs.steps.halts import look_at_halts
from tradebot.jobs.steps.sync import Sheet, counters, synchronise

_LOSSES = (HaltRule.DAILY_LOSS, HaltRule.DRAWDOWN)


def look_at_failures(desk: Desk, story: Story) -> None:
    """Halt when the newest runs of a job have all failed. Asks the ledger alone: the broker may be what fails."""
    look_at_halts(desk, story)
    limits, now = desk.settings.limits(), desk.clock.now()
    for job in COUNTED_JOBS:
        halt = failing(_counted_runs(desk, story, job), limits, story.session, now)
        if halt is not None:
            _latch(desk, story, [halt])


def look_at_breakers(desk: Desk, story: Story, sheet: Sheet) -> Sheet:
    """Look at everything that may halt, out of what was read already; gives the account as it stands afterwards.

    An emergency stop that was begun by a loss, and that something cut short, is brought to its end.
    """
    look_at_halts(desk, story)
    found = tuple(_found(desk, story, sheet))
    if all(halt.rule is not HaltRule.LIMIT_BREACH for halt in found):
        _end_breach(desk, story)
    is_new = any(map(_stops, _latch(desk, story, found)))
    if not is_new and (not any(map(_stops, story.halts)) or _is_over(desk, sheet)):
        return sheet
    _stop(desk, story)
    return synchronise(desk, story)


def look_between_orders(desk: Desk, story: Story) -> None:
    """Look at the losses again before the next entry: at most one request, for the account's equity.

    Limits need no look: every entry was planned with those before it counted. Halts cost no request, and ``send`` looks
    at them itself.
    """
    account = read_account(desk, story, at_most=desk.fresh_for)
    if any(map(_stops, _latch(desk, story, _losses(desk, story, account)))):
        _stop(desk, story)


def _stops(halt: Halt) -> bool:
    """Whether a halt was set by a loss, and so makes an emergency stop, unless it is only to reduce."""
    return halt.rule in _LOSSES and halt.level is HaltLevel.HALTED


def _found(desk: Desk, story: Story, sheet: Sheet) -> Iterable[Halt]:
    limits, now = desk.settings.limits(), desk.clock.now()
    yield from _losses(desk, story, sheet.account)
    value = unexplained_value(sheet.breaks, limits, story.session, now)
    if value is not None:
        yield value
    standing = Standing(
        equity=sheet.account.equity,
        positions=sheet.positions,
        holdings=sheet.holdings,
        open_orders=sheet.open_orders,
        unsettled=sheet.unsettled,
        quotes=sheet.quotes,
        limits=limits,
    )
    breach = breached(standing, story.session, now)
    if breach is not None:
        yield breach


def _losses(desk: Desk, story: Story, account: AccountSnapshot) -> tuple[Halt, ...]:
    """The losses that no halt tells of yet. What they bring about cannot be taken back, so the equity is read again,
    and both readings have to say so.
    """
    known = {halt.rule for halt in story.halts if halt.of_account}
    new = {halt.rule for halt in _tripped(desk, story, account)} - known
    if not new:
        return ()
    again = read_account(desk, story)
    return tuple(halt for halt in _tripped(desk, story, again) if halt.rule in new)


def _tripped(desk: Desk, story: Story, account: AccountSnapshot) -> tuple[Halt, ...]:
    """A day's loss halts until the next session."""
    today = counters(desk, story, account)
    found = tripped(account, today, desk.settings.limits(), story.session, desk.clock.now())
    tomorrow = desk.calendar.following(story.session).session
    return tuple(replace(halt, until=tomorrow) if halt.rule is HaltRule.DAILY_LOSS else halt for halt in found)


def _latch(desk: Desk, story: Story, found: Iterable[Halt]) -> tuple[Halt, ...]:
    """Latch each halt whose rule holds none already, and give those. One that stops goes into the latch file first."""
    latched = {halt.rule for halt in story.halts if halt.of_account}
    new = tuple(halt for halt in found if halt.rule not in latched)
    for halt in new:
        if _stops(halt):
            _latch_file(desk, story, halt)
        desk.ledger.safety.latch(halt, desk.clock.now())
        rule = halt.rule.replace("_", " ")
        desk.alerts.send("critical", f"{halt.level}: {rule}", f"{halt.reason}. `tradebot status` says what ends it.")
    if new:
        look_at_halts(desk, story)
    return new


def _latch_file(desk: Desk, story: Story, halt: Halt) -> None:
    try:
        desk.latch.set(replace(halt, source=HaltSource.LATCH_FILE))
    except TradebotError as error:  # the ledger holds it all the same, and every job looks there too
        story.failed("latch", str(error))


def _end_breach(desk: Desk, story: Story) -> None:
    """Nothing is breached now: the halt that said so is over, and nobody needs to resume it."""
    over = [halt for halt in story.halts if halt.rule is HaltRule.LIMIT_BREACH]
    if over:
        desk.ledger.safety.clear(over, "the breach is gone", desk.clock.now())
        desk.latch.clear(over)
        story.notes.append(f"no limit is breached any more: {over[0].reason}")
        look_at_halts(desk, story)


def _counted_runs(desk: Desk, story: Story, job: Job) -> tuple[Run, ...]:
    """The newest runs of a job that say whether it works, since a person last resumed; this run is not among them."""
    resumed = desk.ledger.runs.newest(Job.RESUME, (RunStatus.RAN, RunStatus.BLOCKED), 1)
    since = resumed[0].run_id if resumed else 0
    # One more for this run, and some for those that a person stopped.
    count = 2 * desk.settings.failed_runs_limit + 1
    newest = desk.ledger.runs.newest(job, COUNTED_STATUSES, count)
    return tuple(run for run in newest if since < run.run_id != story.run_id)


def _is_over(desk: Desk, sheet: Sheet) -> bool:
    """Whether nothing is left at the broker that an emergency stop would cancel or close."""
    wish = Wish(close=desk.settings.emergency_close_positions)
    lots = lots_after(Explained(desk.ledger.books.lots()), (), desk.account_key)
    positions = {position.symbol: position for position in sheet.positions}
    view = View(desk.account_key, wish, sheet.open_orders, positions, lots)
    ours = (stake for stake in view.stakes() if not stake.is_foreign)
    return not view.to_go() and not (wish.close and any(not view.closing(stake) for stake in ours))


def _stop(desk: Desk, story: Story) -> None:
    """Make an emergency stop, and tell in the story of the job what came of it."""
    with story.step("emergency stop"):
        stop = desk_for_stop(desk, story)
        outcome = emergency_stop.run(stop, close_positions=desk.settings.emergency_close_positions)
    _tell(story, outcome)


def _tell(story: Story, outcome: StopOutcome) -> None:
    story.codes |= outcome.codes - {ExitCode.HALTED}
    story.failures.extend(outcome.failures)
    story.notes.append(f"emergency stop: {outcome.headline}")
    for line in outcome.lines:
        detail = f" ({line.detail})" if line.detail else ""
        story.notes.append(f"emergency stop: {line.what} {line.symbol}: {line.result}{detail}")
