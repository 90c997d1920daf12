"""Alerts: when one is news, when a channel is tried again, and when the operator counts as told. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

#: How much an alert matters: to be told, to be looked at today, to be looked at now.
AlertLevel = Literal["info", "warning", "critical"]
LEVELS: tuple[AlertLevel, ...] = ("info", "warning", "critical")

#: How long a key that was raised stays told: a condition that holds is raised anew by every run that meets it.
REPEATED_AFTER: dict[AlertLevel, timedelta] = {
    "info": timedelta(days=7),
    "warning": timedelta(days=7),
    "critical": timedelta(hours=20),  # less than from one session's first job to the next one's
}
_FIRST_RETRY = timedelta(minutes=5)
_LONGEST_RETRY = timedelta(hours=1)
#: What nobody could be told for so long is in the ledger and in the log, and no news any more.
GIVEN_UP_AFTER = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Alert:
    """Word to the operator: what happened, with its figures, and what to do. ``raised_at`` is desk time.

    Alerts with one ``key`` are about one matter; "" is a matter of its own.
    """

    level: AlertLevel
    title: str
    message: str
    raised_at: datetime
    key: str = ""


class PostState(StrEnum):
    """How far an alert has come on its way to the operator."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"  # no channel took it in time
    KEPT = "kept"  # for the ledger and the log only: no channel takes its level, or it was raised in a replay


@dataclass(frozen=True, slots=True)
class Posted:
    """An alert on its way. ``since``, ``next_try`` and ``settled`` are wall-clock time."""

    alert_id: int
    account_key: str
    alert: Alert
    state: PostState
    since: datetime
    attempts: int = 0
    next_try: datetime | None = None
    settled: datetime | None = None
    taken_by: tuple[str, ...] = ()  # names of the channels that took it
    trouble: str = ""  # what the newest attempt failed at


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at handing an alert to a channel; ``trouble`` is "" when it was taken."""

    channel: str
    trouble: str = ""

    @property
    def taken(self) -> bool:
        return not self.trouble


def is_news(level: AlertLevel, earlier: Alert | None, now: datetime) -> bool:
    """Whether to tell what may be told already. ``earlier`` is the newest alert of the same key, ``now`` desk time."""
    if earlier is None or LEVELS.index(level) > LEVELS.index(earlier.level):
        return True
    return now - earlier.raised_at >= REPEATED_AFTER[level]


def next_try(attempts: int, now: datetime) -> datetime:
    """When to try again after so many failed attempts: 5 minutes, 10, 20, 40, then every hour."""
    doubled: int = 2 ** min(attempts - 1, 10)
    return now + min(_FIRST_RETRY * doubled, _LONGEST_RETRY)


def state_after(
    posted: Posted, first: Collection[str], second: Collection[str], tried: Collection[Attempt], now: datetime
) -> PostState:
    """How far an alert has come once these attempts were made; ``now`` is wall-clock time.

    It is delivered when every channel of the first list took it, or when none did and one of the second list had to.
    """
    taken = {*posted.taken_by, *(attempt.channel for attempt in tried if attempt.taken)}
    if not first and not second:
        return PostState.KEPT
    if taken.issuperset(first) if first else taken:
        return PostState.DELIVERED
    if taken and taken.isdisjoint(first):
        return PostState.DELIVERED
    if now - posted.since >= GIVEN_UP_AFTER:
        return PostState.DELIVERED if taken else PostState.GIVEN_UP
    return PostState.WAITING
