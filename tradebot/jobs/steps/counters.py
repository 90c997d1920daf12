"""Counts for limits that are not in money: volume, repeated entries, probation. No count is kept between runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from tradebot.core.model.halts import Halt, HaltRule
from tradebot.core.model.orders import Side
from tradebot.core.model.repetition import EntryKey, Repetition
from tradebot.core.model.signals import Action, Signal
from tradebot.core.risk.repeat_entries import repetition_halt
from tradebot.jobs.desk import Desk
from tradebot.jobs.job_run import JobRun
from tradebot.jobs.steps.halts import refresh_halts
from tradebot.strategy_api import History

#: Sessions over which a symbol's volume is averaged.
VOLUME_SESSIONS = 20


def average_volumes(history: History, symbols: Iterable[str]) -> dict[str, Decimal]:
    """Shares a session over the newest 20 of ``history``, in whole shares; a session without a bar traded none.

    A symbol that has no bar in them is left out.
    """
    import numpy as np

    volume = history.volume.to_numpy()[-VOLUME_SESSIONS:]
    has_bar = ~np.isnan(volume)
    traded = np.where(has_bar, volume, 0.0).sum(axis=0) / max(1, len(volume))
    columns = zip(history.volume.columns, traded, has_bar.any(axis=0), strict=True)
    averages = {symbol: Decimal(int(shares)) for symbol, shares, some in columns if some}
    return {symbol: averages[symbol] for symbol in symbols if symbol in averages}


def repetitions(desk: Desk, run: JobRun, signals: Iterable[Signal]) -> dict[EntryKey, Repetition]:
    """How often each entry that a signal asks for was made before, since a person last re-enabled its strategy."""
    limits = desk.settings.limits()
    counts: dict[EntryKey, Repetition] = {}
    for key in (EntryKey(s.strategy, s.symbol, Side.BUY) for s in signals if s.action is Action.ENTER):
        since = desk.ledger.halts_and_breaks.reenabled(key.strategy)
        entered = desk.ledger.orders.filled_entry_sessions(key, since, limits.repeat_order_limit)
        if entered:
            age = [len(desk.calendar.between(session, run.session)) for session in entered]
            recent = sum(1 for sessions in age if sessions <= limits.repeat_order_sessions)
            counts[key] = Repetition(len(entered), len(desk.calendar.between(entered[-1], entered[0])), recent)
    return counts


def halt_repeating_strategies(desk: Desk, run: JobRun, signals: Iterable[Signal]) -> tuple[Halt, ...]:
    """Halt each strategy that entered one symbol too often, until a person resumes it. Returns the halts in force."""
    limits, halts = desk.settings.limits(), run.halts
    for key, repetition in repetitions(desk, run, signals).items():
        stopped = {halt.scope_name for halt in halts if halt.rule is HaltRule.REPEATED_ORDERS}
        if key.strategy in stopped or not repetition.breaks(limits):
            continue
        halt = repetition_halt(key, repetition, limits, run.session, desk.clock.now())
        desk.ledger.halts_and_breaks.latch(halt, desk.clock.now())
        halts = refresh_halts(desk, run.session)
    return halts


def sessions_run(desk: Desk, run: JobRun) -> Mapping[str, int]:
    """By strategy, the earlier sessions in which its present code could have traded."""
    history = desk.ledger.strategy_history
    return {info.name: history.sessions(info.as_version, run.session) for info in desk.strategies.loaded}


def count_session(desk: Desk, run: JobRun, signals: Iterable[Signal], history: History) -> None:
    """Count this session for every strategy that gave a signal and has its warm-up of bars."""
    answered = {signal.strategy for signal in signals}
    with desk.ledger.transaction():
        for info in desk.strategies.loaded:
            if info.name in answered and len(history.close) >= info.warmup:
                desk.ledger.strategy_history.record(info.as_version, run.session, desk.clock.now())
