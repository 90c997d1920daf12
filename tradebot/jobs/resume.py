"""resume: clear a latched halt, for a stated reason that is kept."""

from __future__ import annotations

from tradebot.core.halts import Halt, HaltEnd, HaltRule, HaltScope, distinct, level_of
from tradebot.core.outcomes import Outcome
from tradebot.core.records import RunStatus
from tradebot.core.schedule import Job
from tradebot.core.wording import plural
from tradebot.errors import ExitCode
from tradebot.jobs.desk import Desk, Story, open_story, recorded
from tradebot.jobs.halting import halts_in_force


def in_force(desk: Desk, scope: HaltScope = HaltScope.ACCOUNT, name: str = "") -> tuple[Halt, ...]:
    """The halts that a resume would be about, for the question that is asked first."""
    halts = halts_in_force(desk, open_story(desk, Job.RESUME).session)
    return tuple(halt for halt in halts if (halt.scope, halt.scope_name) == (scope, name))


def run(desk: Desk, reason: str, seen: tuple[Halt, ...] | None = None) -> Outcome:
    """Clear what may be cleared of the halts that were ``seen`` (None: those of the account that there are now).

    A day's loss holds until the next session, a breach of a limit until it is gone, the environment flag until it is
    unset, and a halt set meanwhile until somebody has seen it. After a drawdown the equity peak starts again from
    today's equity, or the account would halt again at once; and failed runs are counted from here.
    """
    story = open_story(desk, Job.RESUME)
    with recorded(desk, story) as record:
        outcome = _resume(desk, story, reason, in_force(desk) if seen is None else seen)
        record.ends(outcome)
    return outcome


def _resume(desk: Desk, story: Story, reason: str, before: tuple[Halt, ...]) -> Outcome:
    if before:
        _clear(desk, reason, tuple(halt for halt in before if halt.ends_by is HaltEnd.RESUME))
    story.halts = list(halts_in_force(desk, story.session))
    if not level_of(story.halts).allows_entries:
        story.add(ExitCode.HALTED)
    if not before:
        return story.outcome(RunStatus.IDLE, "nothing was halted: nothing to do")
    subject, had = before[0].subject, len(distinct(before))
    stay = distinct(halt for halt in story.halts if halt.subject == subject)
    story.notes.extend(_why_it_stays(same[0]) for same in stay)
    if stay:
        return story.outcome(RunStatus.BLOCKED, f"{len(stay)} of {plural(had, 'halt')} stay")
    return story.outcome(RunStatus.RAN, f"{subject} is running again: {plural(had, 'halt')} cleared ({reason})")


def _clear(desk: Desk, reason: str, halts: tuple[Halt, ...]) -> None:
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
