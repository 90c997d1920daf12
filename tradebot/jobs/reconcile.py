"""reconcile: the three-way comparison of intents, fills and broker positions, told as a table of breaks."""

from __future__ import annotations

from tradebot.core.model.ledger_rows import RunStatus
from tradebot.core.model.schedule import Job
from tradebot.core.model.values import plural
from tradebot.core.results.outcomes import Outcome
from tradebot.errors import ExitCode
from tradebot.jobs.circuit_breakers import look_at_breakers, look_at_failures
from tradebot.jobs.desk import Desk, Story, open_story, recorded
from tradebot.jobs.steps import untradable
from tradebot.jobs.steps.sync import synchronise


def run(desk: Desk) -> Outcome:
    """Settle, take in and compare. Sends nothing, unless a loss is found that makes an emergency stop.

    Raises BrokerUnavailable when the broker can't be read whole.
    """
    story = open_story(desk, Job.RECONCILE)
    with recorded(desk, story) as record:
        outcome = _compare(desk, story)
        record.ends(outcome)
    return outcome


def _compare(desk: Desk, story: Story) -> Outcome:
    look_at_failures(desk, story)
    sheet = look_at_breakers(desk, story, synchronise(desk, story))
    untradable.tell(desk, story, sheet)
    if matter := [found.message for found in sheet.breaks if found.matters]:
        story.add(ExitCode.BREAKS)
        desk.alerts.send("warning", "reconciliation found breaks", "; ".join(matter))
    compared = f"{plural(len(sheet.positions), 'position')} and {plural(len(sheet.open_orders), 'open order')} compared"
    if sheet.breaks:
        return story.outcome(RunStatus.RAN, f"{compared}: {plural(len(sheet.breaks), 'break')}")
    return story.outcome(RunStatus.RAN, f"{compared}: the ledger explains everything at the broker")
