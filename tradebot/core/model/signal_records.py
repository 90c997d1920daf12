"""What a strategy gave in a session, as the ledger stores it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from tradebot.core.model.signals import Action, Condition, Readiness, Signal


@dataclass(frozen=True, slots=True)
class GivenSignal:
    """The signal of one symbol."""

    action: Action
    readiness: Readiness
    reason: str
    values: tuple[tuple[str, float | None], ...] = ()  # the strategy's indicators by name; None is NaN or infinite
    conditions: tuple[Condition, ...] = ()  # of an entry, where the strategy states them


@dataclass(frozen=True, slots=True)
class SignalsRecord:
    """The signals of one strategy in one run. ``given`` is empty where it failed."""

    session: date
    at: datetime
    strategy: str
    fingerprint: str
    as_of: date | None  # the session of the bars
    fault: str  # why it gave no signals, or what is wrong with its conditions; "" for nothing
    given: Mapping[str, GivenSignal]  # by symbol


def signals_record(
    signals: Iterable[Signal], session: date, at: datetime, strategy: str, fingerprint: str, fault: str
) -> SignalsRecord:
    """The record of the signals of one strategy; of none, where it gave none."""
    own = tuple(signal for signal in signals if signal.strategy == strategy)
    as_of = own[0].as_of if own else None
    given = {
        signal.symbol: GivenSignal(signal.action, signal.readiness, signal.reason, signal.values, signal.conditions)
        for signal in own
    }
    return SignalsRecord(session, at, strategy, fingerprint, as_of, fault, given)
