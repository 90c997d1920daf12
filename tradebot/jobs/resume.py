"""resume: clear a latched halt, for a stated reason that is kept."""

from __future__ import annotations

from tradebot.core.halts import Halt, HaltRule, HaltSource, distinct
from tradebot.core.outcomes import Outcome
from tradebot.core.records import RunStatus
from tradebot.core.schedule import Job
from tradebot.core.wording import plural
from tradebot.errors import ExitCode
from tradebot.jobs.desk import Desk, Story, open_story, recorded
from tradebot.jobs.halting import halts_in_force


def in_force(desk: Desk) -> tuple[Halt, ...]:
    """The halts that a resume would be about, for the question that is asked first."""
    return halts_in_force(desk, open_story(desk, Job.RESUME).session)


def run(desk: Desk, reason: str, seen: tuple[Halt, ...] | None = None) -> Outcome:
    """Clear what may be cleared of the halts that were ``seen`` (None: those there are now).

    A day's loss holds until the next session, the environment flag until it is unset, and a halt set meanwhile until
    somebody has seen it. After a drawdown the equity peak starts again from today's equity, or the account would halt
    again at once.
    """
    story = open_story(desk, Job.RESUME)
    with recorded(desk, story) as record:
        outcome = _clear(desk, story, reason, halts_in_force(desk, story.session) if seen is None else seen)
        record.ends(outcome)
    return outcome


def _clear(desk: Desk, story: Story, reason: str, before: tuple[Halt, ...]) -> Outcome:
    if not before:
        return story.outcome(RunStatus.IDLE, "nothing was halted: nothing to do")
    now = desk.clock.now()
    with desk.ledger.transaction():
        desk.ledger.safety.clear(reason, now)
        for halt in before:
            if halt.source is HaltSource.LEDGER and halt.rule is HaltRule.DAILY_LOSS:
                desk.ledger.safety.latch(halt, now)
        if any(halt.rule is HaltRule.DRAWDOWN for halt in before):
            desk.ledger.books.rebase_peak(desk.broker.account().equity, now)
    desk.latch.clear(before)
    story.halts = list(halts_in_force(desk, story.session))
    story.notes.extend(_why_it_stays(same[0]) for same in distinct(story.halts))
    if story.halts:
        story.add(ExitCode.HALTED)
        return story.outcome(
            RunStatus.BLOCKED, f"{len(distinct(story.halts))} of {plural(len(distinct(before)), 'halt')} stay"
        )
    return story.outcome(RunStatus.RAN, f"running again: {plural(len(distinct(before)), 'halt')} cleared ({reason})")


def _why_it_stays(halt: Halt) -> str:
    if halt.source is HaltSource.ENVIRONMENT:
        return "EMERGENCY_STOP_ENABLED stays true until its owner unsets it in .env or in the environment"
    if halt.rule is HaltRule.DAILY_LOSS:
        return f"a day's loss halts until the next session ({halt.until}): {halt.reason}"
    return f"{halt.source}: {halt.reason}"
