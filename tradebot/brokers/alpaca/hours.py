"""Alpaca's clock and the exchange's sessions."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tradebot.brokers.alpaca.fields import Fields, rows
from tradebot.core.account import MarketClock, SessionHours
from tradebot.errors import BrokerUnavailable
from tradebot.wire.answers import Json
from tradebot.wire.api import Api

_NEW_YORK = ZoneInfo("America/New_York")
_USUAL_CLOSE = time(16, 0)
#: Days before and after today that the calendar is read for: longer than any pause between two sessions since 1952.
_AROUND = timedelta(days=14)


class Hours:
    """The clock, asked each time, and the sessions around a day, asked once a day."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._sessions: dict[date, tuple[SessionHours, ...]] = {}

    def clock(self) -> MarketClock:
        fields = Fields(self._api.read("/v2/clock"), "the clock")
        now = fields.instant("timestamp")
        today = now.astimezone(_NEW_YORK).date()
        sessions = self._around(today)
        return MarketClock(
            now=now,
            is_open=fields.flag("is_open"),
            today=next((hours for hours in sessions if hours.session == today), None),
            previous=max((hours for hours in sessions if hours.session < today), key=_session, default=None),
            upcoming=min((hours for hours in sessions if hours.session > today), key=_session, default=None),
        )

    def _around(self, day: date) -> tuple[SessionHours, ...]:
        if day not in self._sessions:
            params = {"start": str(day - _AROUND), "end": str(day + _AROUND)}
            days = rows(self._api.read("/v2/calendar", params), "sessions")
            self._sessions[day] = tuple(_hours(raw) for raw in days)
        return self._sessions[day]


def _session(hours: SessionHours) -> date:
    return hours.session


def _hours(raw: Json) -> SessionHours:
    """A day of the calendar, whose times are New York's: {"date": "2022-11-25", "open": "09:30", "close": "13:00"}."""
    fields = Fields(raw, "a session")
    try:
        day = date.fromisoformat(fields.text("date"))
        opens, closes = (time.fromisoformat(fields.text(name)) for name in ("open", "close"))
    except ValueError as error:
        raise BrokerUnavailable(f"Alpaca's calendar cannot be read: {error}.") from error
    return SessionHours(
        session=day, opens=_instant(day, opens), closes=_instant(day, closes), half_day=closes < _USUAL_CLOSE
    )


def _instant(day: date, wall: time) -> datetime:
    return datetime.combine(day, wall, tzinfo=_NEW_YORK).astimezone(UTC)
