"""check-exits: between the trades of the day, mark positions, raise trailing stops, and leave what is to be left."""

from __future__ import annotations

from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import plural
from tradebot.core.results.outcomes import Outcome
from tradebot.jobs import trading_session
from tradebot.jobs.desk import Desk, Story, open_story, recorded
from tradebot.jobs.steps.decision_log import remember
from tradebot.jobs.steps.halts import look_at_halts
from tradebot.jobs.steps.planning import make_plan, read_signals


def run(desk: Desk) -> Outcome:
    """Look after what is held; enters nothing. Raises BrokerUnavailable, LedgerError and Stopped."""
    story = open_story(desk, Job.CHECK_EXITS)
    with recorded(desk, story) as record:
        if story.market.today is None or not story.market.is_open:
            look_at_halts(desk, story)
            outcome = story.outcome(RunStatus.IDLE, "the exchange is closed: nothing to do")
        else:
            outcome = _look_after(desk, story)
        record.ends(outcome)
    return outcome


def _look_after(desk: Desk, story: Story) -> Outcome:
    sheet = trading_session.begin(desk, story)
    if sheet.holdings:
        signals = read_signals(desk, story)
        plan = make_plan(desk, story, sheet, signals)
        remember(desk, story, (), (denial for denial in plan.denials if denial.purpose.reduces), signals)
        trading_session.leave(desk, story, sheet, plan.exits, signals)
    trading_session.end(desk, story)
    looked_at, sent = plural(len(story.exits), "position"), plural(len(story.orders), "order")
    return story.outcome(RunStatus.RAN, f"{looked_at} checked for exits, {sent} sent")
