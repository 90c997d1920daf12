"""Parses one row of Alpaca's account activities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TypeVar

from tradebot.brokers.alpaca.json_fields import Fields
from tradebot.brokers.http.responses import Json
from tradebot.core.model.exchange_time import NEW_YORK, new_york_date, new_york_instant
from tradebot.errors import BrokerUnavailable

FILL, SPLIT = "FILL", "SPLIT"

_ID_TIME = "%Y%m%d%H%M%S"
_EXECUTED = frozenset({"executed", "correct"})

T = TypeVar("T")


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
        return _date(self.fields) or new_york_date(self.booked_at)

    @property
    def is_executed(self) -> bool:
        """Whether it has moved cash or shares: it was neither cancelled nor is it on its way."""
        return (self.maybe_text("status") or "executed") in _EXECUTED

    def maybe_text(self, name: str) -> str | None:
        """A text; None where it is missing or cannot be read."""
        return _readable(self.fields.maybe_text, name)

    def maybe_number(self, name: str) -> Decimal | None:
        """A number; None where it is missing or cannot be read."""
        return _readable(self.fields.maybe_number, name)


def parse_row(raw: Json) -> ActivityRow:
    """Parse one row. Raises BrokerUnavailable for one without an id, a type, or anything that says when it was."""
    identifier = Fields(raw, "an activity").text("id")
    fields = Fields(raw, f"activity {identifier}")
    kind = fields.text("activity_type")
    return ActivityRow(identifier, kind, _booked_at(fields, kind, identifier), fields)


def _booked_at(fields: Fields, kind: str, identifier: str) -> datetime:
    """When a row was booked, by the first of its times that can be read.

    Only the id of a fill says when it was: other ids begin with a midnight. By their date alone, splits precede the
    fills of their day, fees and the like follow them.
    """
    told = (_readable(fields.maybe_instant, name) for name in _times(kind))
    if (instant := next(filter(None, told), None)) is not None:
        return instant
    if kind == FILL and (at := time_of_id(identifier)) is not None:
        return at
    day = _date(fields)
    if day is None:
        return fields.instant("created_at")  # raises, and names the field that belongs there
    return new_york_instant(day, time.min if kind == SPLIT else time.max)


def _times(kind: str) -> tuple[str, str]:
    return ("transaction_time", "created_at") if kind == FILL else ("created_at", "transaction_time")


def _date(fields: Fields) -> date | None:
    """The field "date", written as a date or as an instant that begins with one; None where it cannot be read."""
    text = _readable(fields.maybe_text, "date")
    try:
        return None if text is None else date.fromisoformat(text[:10])
    except ValueError:
        return None


def _readable(read: Callable[[str], T | None], name: str) -> T | None:
    try:
        return read(name)
    except BrokerUnavailable:
        return None


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
