"""What run-daily and check-exits share: how a shift at the account begins, leaves positions, and ends."""

from __future__ import annotations

from collections.abc import Iterable

from tradebot.core.model.orders import Intent
from tradebot.core.model.signals import Signal
from tradebot.errors import ExitCode
from tradebot.jobs.circuit_breakers import look_at_breakers, look_at_failures
from tradebot.jobs.desk import Desk, Story
from tradebot.jobs.steps import untradable
from tradebot.jobs.steps.activities import take_in
from tradebot.jobs.steps.close import close_holding
from tradebot.jobs.steps.decision_log import remember
from tradebot.jobs.steps.protect import protect, raise_trailing_stops
from tradebot.jobs.steps.sync import Sheet, look, settle, synchronise


def begin(desk: Desk, story: Story) -> Sheet:
    """Settle and compare with the broker, look at halts and breakers, mark positions and raise their stops."""
    look_at_failures(desk, story)
    sheet = look_at_breakers(desk, story, synchronise(desk, story, at_most=desk.fresh_for))
    with story.step("exits"):
        raise_trailing_stops(desk, story, sheet)
    return sheet


def leave(desk: Desk, story: Story, sheet: Sheet, exits: Iterable[Intent], signals: tuple[Signal, ...]) -> Sheet:
    """Close what the plan says to close, and read the account again: the proceeds may pay for an entry."""
    exits = tuple(exits)
    if not exits:
        return sheet
    remember(desk, story, exits, (), signals)
    with story.step("exits"):
        for intent in exits:
            close_holding(desk, story, intent)
        return _read_again(desk, story)


def end(desk: Desk, story: Story) -> Sheet:
    """See what became of the orders, prove the protection of what is held, and tell what of it does not trade."""
    sheet = protect(desk, story, _read_again(desk, story))
    untradable.tell(desk, story, sheet)
    if any(found.matters for found in story.breaks):
        story.add(ExitCode.BREAKS)
    return sheet


def _read_again(desk: Desk, story: Story) -> Sheet:
    settle(desk, story)
    take_in(desk, story)
    return look(desk, story)
