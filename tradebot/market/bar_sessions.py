"""Which sessions have complete daily bars."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from tradebot.core.model.account import MarketClock
from tradebot.core.model.exchange_time import new_york_date
from tradebot.market.calendar import decision_date
from tradebot.ports import Calendar

#: How long after the close the bar of the session is complete: trades are reported a little late.
SETTLES_AFTER = timedelta(minutes=5)
#: Sessions in which the newest one with bars is looked for when no history was read before.
RECENT_SESSIONS = 5


def has_settled(closes: datetime, now: datetime) -> bool:
    """Whether a session that closes at ``closes`` has complete bars ``now``."""
    return closes + SETTLES_AFTER <= now


def last_complete(calendar: Calendar, clock: MarketClock) -> date:
    """The newest session that closed long enough ago for its bar to be complete."""
    if clock.today is not None and has_settled(clock.today.closes, clock.now):
        return clock.today.session
    return calendar.previous(decision_date(clock)).session


def last_settled(calendar: Calendar, now: datetime) -> date:
    """The newest session whose bar no longer changes: late trades count until the end of its New York date."""
    return calendar.previous(new_york_date(now)).session


def back_from(calendar: Calendar, last: date, sessions: int) -> date:
    """The first of ``sessions`` sessions that end with ``last``."""
    first = last
    for _ in range(sessions - 1):
        first = calendar.previous(first).session
    return first
