"""resume: clear a latched halt, for a reason that is stored."""

from __future__ import annotations

from dataclasses import dataclass

from tradebot.core.model.halts import Halt, HaltEnd, HaltRule, HaltScope, distinct, scope_text
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import plural
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.preflight_checks import Check, CheckResult
from tradebot.errors import ExitCode
from tradebot.jobs import preflight
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, open_run, record
from tradebot.jobs.step_results import coded, noted
from tradebot.jobs.steps.day_result import read_explained
from tradebot.jobs.steps.halts import current_halts, tell_halts
from tradebot.jobs.steps.repair import repair_first

#: Checks of preflight that are left out: one fails on the halt itself, one only warns of later days and reads prices.
_LEFT_OUT = ("halts", "corporate actions")


@dataclass(frozen=True, slots=True)
class ResumePreview:
    """What a resume would clear, for the confirmation that is asked first."""

    subject: str  # what is halted, as text
    halts: tuple[Halt, ...]
    checks: tuple[Check, ...] = ()

    @property
    def may_end(self) -> tuple[Halt, ...]:
        """The halts that a resume would clear: none while a check fails."""
        return () if self.failed else tuple(halt for halt in self.halts if halt.may_be_resumed)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The failed checks of preflight."""
        return tuple(check for check in self.checks if check.result is CheckResult.FAIL)


def resume_preview(desk: Desk, scope: HaltScope = HaltScope.ACCOUNT, name: str = "") -> ResumePreview:
    """The halts in force of the account, or of one strategy or symbol.

    For the account, preflight's checks of it are made, save those that a resume settles. Bars and strategies are not
    checked: `run-daily` checks them before it enters anything.
    """
    run = open_run(desk, Job.RESUME)
    halts = tuple(h for h in current_halts(desk, run.session) if (h.scope, h.scope_name) == (scope, name))
    subject = scope_text(scope, name)
    if scope is not HaltScope.ACCOUNT or not any(halt.may_be_resumed for halt in halts):
        return ResumePreview(subject, halts)
    return ResumePreview(subject, halts, preflight.checks_of_account(desk, run, without=_LEFT_OUT))


def run(desk: Desk, reason: str, seen: ResumePreview | None = None) -> Outcome:
    """Clear those of the halts that were ``seen`` that a resume may clear (None: the account's halts now).

    No halt is cleared while preflight fails. These stay: a day's loss until the next session, a limit breach until it
    is gone, the environment flag until it is unset, and a halt that was set after ``seen``. Clearing a drawdown sets
    the equity peak to today's explained equity, else the account would halt again at once. Failed runs count anew from
    here.
    """
    run = open_run(desk, Job.RESUME)
    return record(desk, run, lambda: _resume(desk, run, reason, resume_preview(desk) if seen is None else seen))


def _resume(desk: Desk, run: JobRun, reason: str, before: ResumePreview) -> Outcome:
    run.add(repair_first(desk, run))
    _clear(desk, run, reason, before.may_end)
    run.halts = current_halts(desk, run.session)
    tell_halts(desk, run.halts)
    had = plural(len(distinct(before.halts)), "halt")
    left = distinct(halt for halt in run.halts if halt.subject == before.subject)
    if before.failed:
        notes = (f"{check.name}: {check.figure}; {check.remedy}" for check in before.failed)
        run.add(noted(*notes).after(coded(ExitCode.BLOCKED)))
        return run.outcome(RunStatus.BLOCKED, f"nothing was resumed: {plural(len(before.failed), 'check')} failed")
    run.add(noted(*(_why_it_stays(same[0]) for same in left)))
    if left:
        cleared = plural(len(distinct(before.may_end)), "halt") if before.may_end else "no halt"
        return run.outcome(RunStatus.BLOCKED, f"{before.subject} stays halted: {cleared} cleared, {len(left)} left")
    if not before.halts:
        return run.outcome(RunStatus.IDLE, f"{before.subject} was not halted: nothing to do")
    return run.outcome(RunStatus.RAN, f"{before.subject} is running again: {had} cleared ({reason})")


def _clear(desk: Desk, run: JobRun, reason: str, halts: tuple[Halt, ...]) -> None:
    if not halts:
        return
    now = desk.clock.now()
    with desk.ledger.transaction():
        for halt in halts:  # one that no job has taken in yet leaves its trace too
            desk.ledger.halts_and_breaks.latch(halt, now)
        desk.ledger.halts_and_breaks.clear(halts, reason, now)
        if any(halt.rule is HaltRule.DRAWDOWN for halt in halts):
            desk.ledger.books.rebase_peak(read_explained(desk, run)[1].high, now)
    desk.latch.clear(halts)


def _why_it_stays(halt: Halt) -> str:
    match halt.ends_by:
        case HaltEnd.OWNER:
            return "EMERGENCY_STOP_ENABLED stays true until its owner unsets it in .env or in the environment"
        case HaltEnd.SESSION:
            return f"a day's loss halts until the next session ({halt.until})"
        case HaltEnd.ITSELF:
            return "a breached limit halts until the breach is gone"
        case HaltEnd.RESUME | HaltEnd.EXPLAINED:
            return f"set while you were asked, so not cleared: {halt.reason}"
