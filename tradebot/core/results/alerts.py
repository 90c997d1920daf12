"""Alerts to the operator: when to raise a repeated alert, when to retry a channel, when delivery is complete. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

#: Severity of an alert. "summary": the summary of a session. "info": nothing to do. "warning": action today.
#: "critical": action now.
AlertLevel = Literal["summary", "info", "warning", "critical"]
#: The levels by ascending severity.
LEVELS: tuple[AlertLevel, ...] = ("summary", "info", "warning", "critical")

#: Age of the newest alert of a key at which the key is raised again. Every run raises a condition that still holds.
REPEATED_AFTER: dict[AlertLevel, timedelta] = {
    "summary": timedelta.max,  # a session has one
    "info": timedelta(days=7),
    "warning": timedelta(days=7),
    "critical": timedelta(hours=20),  # shorter than the time between the first jobs of two sessions
}
_FIRST_RETRY = timedelta(minutes=5)
_LONGEST_RETRY = timedelta(hours=1)
#: Age of an undelivered alert at which delivery is abandoned. The alert stays in the ledger and in the log.
GIVEN_UP_AFTER = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Alert:
    """A message to the operator."""

    level: AlertLevel
    title: str
    message: str  # what happened, the figures, and what to do
    raised_at: datetime  # desk time, aware UTC
    key: str = ""  # alerts of one condition share a key; "" is never a repetition
    attachment: str = ""  # name of a file in the home's folder of attachments, which mail carries along; "" for none


class DeliveryState(StrEnum):
    """State of the delivery of an alert."""

    WAITING = "waiting"  # not delivered yet; will be tried again
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"  # no channel accepted it within ``GIVEN_UP_AFTER``
    KEPT = "kept"  # never sent: no channel takes its level, or a replay raised it


@dataclass(frozen=True, slots=True)
class QueuedAlert:
    """An alert and its delivery. Instants are wall-clock time, aware UTC."""

    alert_id: int
    account_key: str  # of the account's history in which it was raised
    alert: Alert
    state: DeliveryState
    since: datetime  # when it was queued
    attempts: int = 0  # rounds in which at least one channel was tried
    next_try: datetime | None = None  # None: at once while waiting
    settled: datetime | None = None  # when it left WAITING
    taken_by: tuple[str, ...] = ()  # names of the channels that accepted it
    trouble: str = ""  # error of the newest attempt


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One attempt to send an alert through a channel."""

    channel: str
    trouble: str = ""  # the error; "" when the channel accepted the alert

    @property
    def taken(self) -> bool:
        """Whether the channel accepted the alert."""
        return not self.trouble


def should_raise(level: AlertLevel, earlier: Alert | None, now: datetime) -> bool:
    """Whether an alert is raised: it is the first of its key, more severe than ``earlier``, or due for repetition.

    earlier: the newest alert of the same key, None when there is none.
    now: desk time.
    """
    if earlier is None or LEVELS.index(level) > LEVELS.index(earlier.level):
        return True
    return now - earlier.raised_at >= REPEATED_AFTER[level]


def next_attempt_at(attempts: int, now: datetime) -> datetime:
    """When to retry after ``attempts`` failed attempts: in 5, 10, 20, 40 minutes, then every hour."""
    doubled: int = 2 ** min(attempts - 1, 10)
    return now + min(_FIRST_RETRY * doubled, _LONGEST_RETRY)


def delivery_state(
    queued: QueuedAlert,
    first: Collection[str],
    second: Collection[str],
    tried: Collection[DeliveryAttempt],
    now: datetime,
) -> DeliveryState:
    """The state of a delivery after the attempts ``tried``.

    An alert is DELIVERED once every channel of ``first`` accepted it, or none of ``first`` and at least one of
    ``second`` (the fallback). After ``GIVEN_UP_AFTER`` any accepting channel is enough.

    first, second: channel names; both empty gives KEPT.
    now: wall-clock time.
    """
    taken = {*queued.taken_by, *(attempt.channel for attempt in tried if attempt.taken)}
    if not first and not second:
        return DeliveryState.KEPT
    if taken.issuperset(first) if first else taken:
        return DeliveryState.DELIVERED
    if taken and taken.isdisjoint(first):
        return DeliveryState.DELIVERED
    if now - queued.since >= GIVEN_UP_AFTER:
        return DeliveryState.DELIVERED if taken else DeliveryState.GIVEN_UP
    return DeliveryState.WAITING
