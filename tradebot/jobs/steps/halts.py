"""Collects halts from three independent latches. A latch that cannot be read counts as set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from tradebot.core.model.halts import Halt, HaltLevel, HaltRule, HaltScope, HaltSource, distinct, level_of
from tradebot.core.results.halt_texts import halt_alert
from tradebot.core.risk.circuit_breakers import active_halts
from tradebot.errors import LedgerError
from tradebot.jobs.desk import Desk
from tradebot.jobs.ledger_desk import LedgerDesk
from tradebot.ports import Latch


def halt_by_hand(
    latch: Latch,
    now: datetime,
    level: HaltLevel,
    reason: str,
    scope: HaltScope = HaltScope.ACCOUNT,
    name: str = "",
    account: str = "",
) -> Halt:
    """Latch a halt that a person asks for, in the file, which needs neither lock nor ledger. Raises ConfigError.

    Without ``account``, its key, it holds for every account of the home.
    """
    halt = Halt(
        HaltSource.LATCH_FILE,
        HaltRule.OPERATOR,
        level,
        reason,
        since=now,
        scope=scope,
        scope_name=name,
        account=account,
    )
    latch.set(halt)
    return halt


def current_halts(desk: Desk | LedgerDesk, today: date) -> tuple[Halt, ...]:
    """Every halt in force on ``today``, a New York date: of the environment flag, the latch file and the ledger."""
    return active_halts(_latched(desk), today)


def _latched(desk: Desk | LedgerDesk) -> tuple[Halt, ...]:
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
    in_file = desk.latch.read()
    try:
        book = desk.ledger.halts_and_breaks
        in_ledger = book.halts()
        known = {halt.identity for halt in in_ledger}
        halts.extend(halt for halt in in_file if halt.identity in known or not book.is_cleared(halt))
        halts.extend(in_ledger)
    except LedgerError as error:
        halts.extend(in_file)
        halts.append(
            Halt(HaltSource.LEDGER, HaltRule.UNREADABLE, HaltLevel.HALTED, f"the ledger cannot be read: {error}")
        )
    return tuple(halts)


def refresh_halts(desk: Desk, today: date) -> tuple[Halt, ...]:
    """Every halt in force, the ledger brought up to date with them.

    A halt of the latch file that the ledger lacks is latched in the ledger too. A halt whose session is over is
    cleared in both, and one that the ledger has cleared since, as a resume on another host does, in the file.
    """
    latched = _latched(desk)
    halts = active_halts(latched, today)
    known = {halt.identity for halt in latched if halt.source is HaltSource.LEDGER}
    new = [
        replace(halt, source=HaltSource.LEDGER, account=desk.account_key)
        for halt in halts
        if halt.source is HaltSource.LATCH_FILE and halt.identity not in known
    ]
    for halt in new:
        desk.ledger.halts_and_breaks.latch(halt, desk.clock.now())
    _clear_ended(desk, [halt for halt in latched if halt not in halts])
    if ended_elsewhere := [halt for halt in desk.latch.read() if desk.ledger.halts_and_breaks.is_cleared(halt)]:
        desk.latch.clear(ended_elsewhere)
    tell_halts(desk, halts)
    return (*halts, *new)


def tell_halts(desk: Desk, halts: Iterable[Halt]) -> None:
    """Alert each halt in force when it begins and once a day while it stands, and the end of those told before."""
    groups, now = distinct(halts), desk.clock.now()
    try:
        with desk.ledger.transaction():
            for same in groups:
                title, message = halt_alert(same, desk.settings.home)
                since = desk.ledger.halts_and_breaks.told(same[0], f"{title} ({same[0].reason})", now)
                desk.alerts.send("critical", title, message, key=f"{same[0].key} {since.isoformat()}")
            for what, why in desk.ledger.halts_and_breaks.told_and_over([same[0] for same in groups]):
                message = f"{what} is over: {why}. `tradebot status` shows what holds now."
                desk.alerts.send("warning", "a halt is over", message)
    except LedgerError:  # the alerts go into the spool
        for same in groups:
            desk.alerts.send("critical", *halt_alert(same, desk.settings.home), key=same[0].key)


def _clear_ended(desk: Desk, over: list[Halt]) -> None:
    if over:
        desk.ledger.halts_and_breaks.clear(over, "the session that it held for is over", desk.clock.now())
        desk.latch.clear(over)


def why_no_entries(halts: Iterable[Halt]) -> str:
    """The reason of the account's strictest halt; "" where entries are allowed."""
    halts = tuple(halt for halt in halts if halt.of_account)
    strictest = level_of(halts)
    return "" if strictest.allows_entries else next(halt.reason for halt in halts if halt.level is strictest)
