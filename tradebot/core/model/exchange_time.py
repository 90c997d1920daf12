"""The exchange's time zone. Instants are aware UTC; sessions are New York dates."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")


def new_york_date(instant: datetime) -> date:
    """The New York date of an aware instant."""
    return instant.astimezone(NEW_YORK).date()


def new_york_instant(day: date, wall_time: time) -> datetime:
    """The aware UTC instant at which clocks in New York show ``wall_time`` on ``day``."""
    return datetime.combine(day, wall_time, tzinfo=NEW_YORK).astimezone(UTC)


def start_of_day(day: date) -> datetime:
    """The aware UTC instant at which ``day`` begins in New York."""
    return new_york_instant(day, time())


def new_york_text(instant: datetime) -> str:
    """An aware instant for people, in New York time to the minute: "2007-01-03 09:35 EST"."""
    return f"{instant.astimezone(NEW_YORK):%Y-%m-%d %H:%M %Z}"
