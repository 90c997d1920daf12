"""One row of an account's activities, as Alpaca tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tradebot.brokers.alpaca.json_fields import Fields
from tradebot.brokers.http.responses import Json
from tradebot.core.model.exchange_time import NEW_YORK, new_york_date, new_york_instant
from tradebot.errors import BrokerUnavailable

FILL, SPLIT = "FILL", "SPLIT"

_STAMP = "%Y%m%d%H%M%S"


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """One row of the account's activities. ``booked`` is when Alpaca booked it, as far as it says."""

    id: str
    kind: str
    booked: datetime
    fields: Fields

    @property
    def day(self) -> date:
        """The New York date that the activity belongs to: its own where it has one."""
        told = self.fields.maybe_text("date")
        return new_york_date(self.booked) if told is None else _date_in(self.fields)


def row_of(raw: Json) -> ActivityRow:
    """Read one row. Raises BrokerUnavailable for what lacks anything needed."""
    identifier = Fields(raw, "an activity").text("id")
    fields = Fields(raw, f"activity {identifier}")
    kind = fields.text("activity_type")
    if kind == FILL:
        return ActivityRow(identifier, kind, fields.instant("transaction_time"), fields)
    booked = fields.maybe_instant("created_at")
    if booked is None:  # splits come before the fills of their day, fees and the like after them
        wall = time.min if kind == SPLIT else time.max
        booked = new_york_instant(_date_in(fields), wall)
    return ActivityRow(identifier, kind, booked, fields)


def _date_in(fields: Fields) -> date:
    """The field "date", which comes as a date or as an instant that begins with one."""
    try:
        return date.fromisoformat(fields.text("date")[:10])
    except ValueError:
        raise BrokerUnavailable(f"Alpaca's date {fields.text('date')!r} of an activity is none.") from None


def time_in(identifier: str) -> datetime | None:
    """The instant that an activity's id begins with, as aware UTC, or None for no such id: New York's milliseconds."""
    stamp = identifier.partition("::")[0]
    if len(stamp) != 17 or not stamp.isascii() or not stamp.isdigit():
        return None
    try:
        seconds = datetime.strptime(stamp[:14], _STAMP).replace(tzinfo=NEW_YORK)
    except ValueError:
        return None
    return (seconds + timedelta(milliseconds=int(stamp[14:]))).astimezone(UTC)
