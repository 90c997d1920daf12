"""Halts: collected from three independent latches, and set when a breaker trips."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tradebot.core.account import AccountSnapshot
from tradebot.core.breakers import active, tripped
from tradebot.core.halts import Halt, HaltLevel, HaltRule, HaltSource
from tradebot.core.limits import Counters
from tradebot.errors import ExitCode, LedgerError
from tradebot.jobs.desk import Desk, Story


def halts_in_force(desk: Desk, today: date) -> tuple[Halt, ...]:
    """Every halt that holds now: the environment flag, the latch file, the ledger. Unreadable counts as set."""
    halts: list[Halt] = []
    if desk.settings.emergency_stop_enabled:
        halts.append(
            Halt(
                HaltSource.ENVIRONMENT,
                HaltRule.OPERATOR,
                HaltLevel.HALTED,
                "EMERGENCY_STOP_ENABLED=true: only its owner can unset it, in .env or the environment",
            )
        )
    halts.extend(desk.latch.read())
    try:
        halts.extend(desk.ledger.safety.halts())
    except LedgerError as error:
        halts.append(
            Halt(HaltSource.LEDGER, HaltRule.UNREADABLE, HaltLevel.HALTED, f"the ledger cannot be read: {error}")
        )
    return active(halts, today)


def look_at_halts(desk: Desk, story: Story) -> None:
    """Put the halts in force into the story, and take a latch that was set without the ledger into it."""
    halts = halts_in_force(desk, story.session)
    known = {(halt.rule, halt.reason, halt.since) for halt in halts if halt.source is HaltSource.LEDGER}
    for halt in halts:
        if halt.source is HaltSource.LATCH_FILE and (halt.rule, halt.reason, halt.since) not in known:
            desk.ledger.safety.latch(replace(halt, source=HaltSource.LEDGER), desk.clock.now())
    story.halts = list(halts_in_force(desk, story.session))
    if story.halts:
        story.add(ExitCode.HALTED)


def look_at_breakers(desk: Desk, story: Story, account: AccountSnapshot, counters: Counters) -> None:
    """Latch a halt for each breaker that trips now and is not latched already. A day's loss halts until tomorrow."""
    latched = {halt.rule for halt in story.halts if halt.source is HaltSource.LEDGER}
    for halt in tripped(account, counters, desk.settings.limits(), counters.session, desk.clock.now()):
        if halt.rule in latched:
            continue
        until = desk.calendar.following(counters.session).session if halt.rule is HaltRule.DAILY_LOSS else None
        desk.ledger.safety.latch(replace(halt, until=until), desk.clock.now())
        desk.alerts.send("critical", f"halted: {halt.rule}", halt.reason)
    look_at_halts(desk, story)
