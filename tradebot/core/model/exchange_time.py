"""The exchange's time zone. Instants are aware UTC; sessions are New York dates."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

NAME = "America/New_York"
#: A time zone file (RFC 8536) without transitions, whose footer is the rule in force since 2007.
_RULE_SINCE_2007 = b"".join(
    (
        b"TZif2" + bytes(15 + 4 * 3) + b"\0\0\0\0" + b"\0\0\0\1" + b"\0\0\0\4",
        (-18000).to_bytes(4, "big", signed=True) + b"\0\0" + b"EST\0",
    )
    * 2
    + (b"\nEST5EDT,M3.2.0,M11.1.0\n",)
)


def _load() -> tuple[ZoneInfo, str]:
    """New York's time zone, and why the system's is not used ("": it is)."""
    try:
        zone = ZoneInfo(NAME)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        trouble = str(error)
    else:
        offsets = [zone.utcoffset(datetime(2024, month, 1)) for month in (1, 7)]  # noqa: DTZ001 - its own wall time
        if offsets == [timedelta(hours=-5), timedelta(hours=-4)]:
            return zone, ""
        trouble = f"{NAME} is there with other hours than New York's"
    return ZoneInfo.from_file(BytesIO(_RULE_SINCE_2007), key=NAME), trouble


#: New York's time zone, and why it is not the system's: "" if it is. Without the system's it has the rule that is in
#: force since 2007, for an emergency stop; settings refuse every other command.
NEW_YORK, ZONE_TROUBLE = _load()


def new_york_date(instant: datetime) -> date:
    """The New York date of an aware instant."""
    return instant.astimezone(NEW_YORK).date()


def new_york_instant(day: date, wall_time: time) -> datetime:
    """The aware UTC instant at which clocks in New York show ``wall_time`` on ``day``."""
    return datetime.combine(day, wall_time, tzinfo=NEW_YORK).astimezone(UTC)


def start_of_day(day: date) -> datetime:
    """The aware UTC instant at which ``day`` begins in New York."""
    return new_york_instant(day, time())


def is_end_of_day(instant: datetime) -> bool:
    """Whether an aware instant is in the last second of a New York day, as that of a row with nothing but a date."""
    return instant.astimezone(NEW_YORK).time().replace(microsecond=0) == time(23, 59, 59)


def new_york_text(instant: datetime) -> str:
    """An aware instant for people, in New York time to the minute: "2007-01-03 09:35 EST"."""
    return f"{instant.astimezone(NEW_YORK):%Y-%m-%d %H:%M %Z}"
