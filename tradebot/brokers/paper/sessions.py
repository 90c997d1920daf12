"""The hours of the exchange's sessions. Its sessions are the dates of its price data."""

from __future__ import annotations

from datetime import date, datetime, time

from tradebot.core.model.account import SessionHours
from tradebot.core.model.exchange_time import new_york_instant
from tradebot.ports import Calendar

# New York time.
_STARTS = time(4, 0)  # the first US venues start their pre-market session
_OPENS = time(9, 30)
_CLOSES = time(16, 0)


def session_hours(session: date, calendar: Calendar) -> SessionHours:
    """The hours of a session. A date that the calendar does not know, as in made-up data, has a full day's hours."""
    known = calendar.hours(session)
    if known is not None:
        return known
    return SessionHours(session, new_york_instant(session, _OPENS), new_york_instant(session, _CLOSES))


def session_start(session: date) -> datetime:
    """The instant at which the exchange begins a session: 04:00 in New York, as aware UTC."""
    return new_york_instant(session, _STARTS)
