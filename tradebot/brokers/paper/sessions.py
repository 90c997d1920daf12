"""The hours of the exchange's sessions. Its sessions are the dates of its data; the calendar knows when they open."""

from __future__ import annotations

from datetime import date, datetime, time

from tradebot.core.model.account import SessionHours
from tradebot.core.model.exchange_time import new_york_instant
from tradebot.ports import Calendar

_BEGINS = time(4, 0)  # when the first US venues begin their pre-market session
_OPENS = time(9, 30)
_CLOSES = time(16, 0)


def hours_of(session: date, calendar: Calendar) -> SessionHours:
    """A session's hours. A date that the calendar does not know, as made-up data may have, gets a full day's."""
    known = calendar.hours(session)
    if known is not None:
        return known
    return SessionHours(session, new_york_instant(session, _OPENS), new_york_instant(session, _CLOSES))


def beginning_of(session: date) -> datetime:
    """The instant at which the exchange begins a session: 04:00 in New York."""
    return new_york_instant(session, _BEGINS)
