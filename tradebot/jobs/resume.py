"""resume: clear a latched halt, for a stated reason that is kept."""

from __future__ import annotations

from dataclasses import dataclass

from tradebot.core.model.halts import Halt, HaltEnd, HaltRule, HaltScope, distinct, scope_text
from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import plural
from tradebot.core.results.outcomes import Outcome
from tradebot.core.results.results import Check, CheckResult
from tradebot.errors import ExitCode
from tradebot.jobs import preflight
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun, open_run, record
from tradebot.jobs.step_results import coded, noted
from tradebot.jobs.steps.halts import current_halts

#: Checks that are not made: what preflight would fail on because of the halt itself, and what only tells of days to
#: come, for which price files would have to be read.
_LEFT_OUT = ("halts", "corporate actions")


@dataclass(frozen=True, slots=True)
class ResumePreview:
    """What a resume would be about, for the question that is asked first: its halts, and what preflight says.

    ``subject`` is what is halted, in words.
    """

    subject: str
    halts: tuple[Halt, ...]
    checks: tuple[Check, ...] = ()

    @property
    def may_end(self) -> tuple[Halt, ...]:
        """The halts that a resume would end: none while a check fails."""
        return () if self.failed else tuple(halt for halt in self.halts if halt.ends_by is HaltEnd.RESUME)

    @property
    def failed(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.result is CheckResult.FAIL)


def resume_preview(desk: Desk, scope: HaltScope = HaltScope.ACCOUNT, name: str = "") -> ResumePreview:
    """The halts of the account, or of one strategy or symbol, that hold now.

    Before the account goes on, preflight's checks of it are made, less what a resume settles. Bars and strategies are
    left to `run-daily`, which looks at them itself before it enters anything.
    """
    run = open_run(desk, Job.RESUME)
    halts = tuple(h for h in current_halts(desk, run.session) if (h.scope, h.scope_name) == (scope, name))
    subject = scope_text(scope, name)
    if scope is not HaltScope.ACCOUNT or not any(halt.ends_by is HaltEnd.RESUME for halt in halts):
        return ResumePreview(subject, halts)
    return ResumePreview(subject, halts, preflight.checks_of_account(desk, run, without=_LEFT_OUT))


def run(desk: Desk, reason: str, seen: ResumePreview | None = None) -> Outcome:
    """Clear what may be cleared of the halts that were ``seen`` (None: those of the account that there are now).

    None is cleared while preflight fails. A day's loss holds until the next session, a breach of a limit until it is
    gone, the environment flag until it is unset, and a halt set meanwhile until somebody has seen it. After a drawdown
    the equity peak starts again from today's equity, or the account would halt again at once; and failed runs are
    counted from here.
    """
    run = open_run(desk, Job.RESUME)
    return record(desk, run, lambda: _resume(desk, run, reason, resume_preview(desk) if seen is None else seen))


def _resume(desk: Desk, run: JobRun, reason: str, before: ResumePreview) -> Outcome:
    _clear(desk, reason, before.may_end)
    run.halts = current_halts(desk, run.session)
    had = plural(len(distinct(before.halts)), "halt")
    stay = distinct(halt for halt in run.halts if halt.subject == before.subject)
    if before.failed:
        notes = (f"{check.name}: {check.figure}; {check.remedy}" for check in before.failed)
        run.add(noted(*notes).after(coded(ExitCode.BLOCKED)))
        return run.outcome(RunStatus.BLOCKED, f"nothing was resumed: {plural(len(before.failed), 'check')} failed")
    run.add(noted(*(_why_it_stays(same[0]) for same in stay)))
    if stay:
        return run.outcome(RunStatus.BLOCKED, f"{len(stay)} of {had} stay")
    if not before.halts:
        return run.outcome(RunStatus.IDLE, f"{before.subject} was not halted: nothing to do")
    return run.outcome(RunStatus.RAN, f"{before.subject} is running again: {had} cleared ({reason})")


def _clear(desk: Desk, reason: str, halts: tuple[Halt, ...]) -> None:
    if not halts:
        return
    now = desk.clock.now()
    with desk.ledger.transaction():
        desk.ledger.safety.clear(halts, reason, now)
        if any(halt.rule is HaltRule.DRAWDOWN for halt in halts):
            desk.ledger.books.rebase_peak(desk.broker.account().equity, now)
    desk.latch.clear(halts)


def _why_it_stays(halt: Halt) -> str:
    match halt.ends_by:
        case HaltEnd.OWNER:
            return "EMERGENCY_STOP_ENABLED stays true until its owner unsets it in .env or in the environment"
        case HaltEnd.SESSION:
            return f"a day's loss halts until the next session ({halt.until}): {halt.reason}"
        case HaltEnd.ITSELF:
            return f"a breached limit halts until the breach is gone: {halt.reason}"
        case HaltEnd.RESUME:
            return f"set meanwhile, and seen by nobody yet: {halt.reason}"
