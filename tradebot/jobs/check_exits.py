"""check-exits: between the trades of the day, mark positions, raise trailing stops, and leave what is to be left."""

from __future__ import annotations

from tradebot.core.outcomes import Outcome
from tradebot.core.records import RunStatus
from tradebot.core.schedule import Job
from tradebot.jobs import shift
from tradebot.jobs.deciding import make_plan, read_signals
from tradebot.jobs.desk import Desk, Story, open_story, recorded


def run(desk: Desk) -> Outcome:
    """Look after what is held; enters nothing. Raises BrokerUnavailable, LedgerError and Stopped."""
    story = open_story(desk, Job.CHECK_EXITS)
    with recorded(desk, story) as record:
        if story.market.today is None or not story.market.is_open:
            outcome = story.outcome(RunStatus.IDLE, "the exchange is closed: nothing to do")
        else:
            outcome = _look_after(desk, story, record.run_id)
        record.ends(outcome)
    return outcome


def _look_after(desk: Desk, story: Story, run_id: int) -> Outcome:
    sheet = shift.begin(desk, story)
    if sheet.holdings:
        signals = read_signals(desk, story)
        shift.leave(desk, story, run_id, sheet, make_plan(desk, story, sheet, signals).exits, signals)
    shift.end(desk, story)
    return story.outcome(
        RunStatus.RAN, f"{len(story.exits)} positions checked for exits, {len(story.orders)} orders sent"
    )
