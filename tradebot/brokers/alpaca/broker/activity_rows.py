"""Parses one row of Alpaca's account activities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tradebot.brokers.alpaca.json_fields import Fields
from tradebot.brokers.http.responses import Json
from tradebot.core.model.exchange_time import NEW_YORK, new_york_date, new_york_instant
from tradebot.errors import BrokerUnavailable

FILL, SPLIT = "FILL", "SPLIT"

_ID_TIME = "%Y%m%d%H%M%S"


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """One row of the account activities."""

    id: str
    kind: str  # Alpaca's activity type, such as "FILL" or "DIV"
    booked_at: datetime  # aware UTC; derived from the date where Alpaca gives no time
    fields: Fields

    @property
    def day(self) -> date:
        """The New York date of the activity: its field "date", or else that of ``booked_at``."""
        has_date = self.fields.maybe_text("date") is not None
        return _date_field(self.fields) if has_date else new_york_date(self.booked_at)


def parse_row(raw: Json) -> ActivityRow:
    """Parse one row. Raises BrokerUnavailable for a missing field."""
    identifier = Fields(raw, "an activity").text("id")
    fields = Fields(raw, f"activity {identifier}")
    kind = fields.text("activity_type")
    if kind == FILL:
        return ActivityRow(identifier, kind, fields.instant("transaction_time"), fields)
    booked_at = fields.maybe_instant("created_at")
    if booked_at is None:  # splits precede the fills of their day, fees and the like follow them
        booked_at = new_york_instant(_date_field(fields), time.min if kind == SPLIT else time.max)
    return ActivityRow(identifier, kind, booked_at, fields)


def _date_field(fields: Fields) -> date:
    """The field "date", written as a date or as an instant that begins with one."""
    try:
        return date.fromisoformat(fields.text("date")[:10])
    except ValueError:
        raise BrokerUnavailable(f"Alpaca's date {fields.text('date')!r} of an activity is none.") from None


def time_of_id(activity_id: str) -> datetime | None:
    """The instant at the beginning of an activity's id, as aware UTC; None for an id of another form.

    The id begins with New York time to the millisecond: "20220202135509981::" and a UUID.
    """
    digits = activity_id.partition("::")[0]
    if len(digits) != 17 or not digits.isascii() or not digits.isdigit():
        return None
    try:
        seconds = datetime.strptime(digits[:14], _ID_TIME).replace(tzinfo=NEW_YORK)
    except ValueError:
        return None
    return (seconds + timedelta(milliseconds=int(digits[14:]))).astimezone(UTC)
