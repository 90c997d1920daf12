"""Alpaca's clock and calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta

from tradebot.brokers.alpaca.json_fields import Fields, json_list
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.json_cache import JsonCache
from tradebot.brokers.http.responses import Json
from tradebot.core.model.account import MarketClock, SessionHours
from tradebot.core.model.exchange_time import new_york_date, new_york_instant
from tradebot.errors import BrokerUnavailable

_USUAL_CLOSE = time(16, 0)  # New York time
#: The calendar is read for these days before and after today: longer than any gap between two sessions since 1952.
_AROUND = timedelta(days=14)


class AlpacaClock:
    """The exchange's time, and the sessions around it.

    The time is read anew at each call, the sessions once a New York date, so that a closing is known at the latest on
    the day after it is announced. Sessions that an earlier command cached on the same date are used as long as they
    agree with the clock on the next open and the next close.
    """

    def __init__(self, api: Api, cache: JsonCache) -> None:
        self._api = api
        self._cache = cache
        self._sessions: dict[date, tuple[SessionHours, ...]] = {}  # by the date that they were read on

    def clock(self) -> MarketClock:
        """The time now, with today's, the previous and the next session. Raises BrokerUnavailable."""
        fields = Fields(self._api.read("/v2/clock"), "the clock")
        now = fields.instant("timestamp")
        today = new_york_date(now)
        if today not in self._sessions:
            cached = self._cached_sessions(today)
            self._sessions[today] = cached if _agree(cached, fields) else self._fetch_sessions(today)
        sessions = self._sessions[today]
        return MarketClock(
            now=now,
            is_open=fields.flag("is_open"),
            today=next((hours for hours in sessions if hours.session == today), None),
            previous=max((hours for hours in sessions if hours.session < today), key=_session, default=None),
            upcoming=min((hours for hours in sessions if hours.session > today), key=_session, default=None),
            sessions=sessions,
        )

    def _cached_sessions(self, today: date) -> tuple[SessionHours, ...]:
        """The sessions that a command cached today; none without such a command."""
        cached = self._cache.load()
        if not isinstance(cached, dict) or cached.get("read_on") != str(today):  # earlier versions kept a list
            return ()
        return tuple(map(_parse_hours, cached["sessions"]))

    def _fetch_sessions(self, today: date) -> tuple[SessionHours, ...]:
        params = {"start": str(today - _AROUND), "end": str(today + _AROUND)}
        days = json_list(self._api.read("/v2/calendar", params), "sessions")
        sessions = tuple(map(_parse_hours, days))
        kept = [{name: day[name] for name in ("date", "open", "close")} for day in days]
        self._cache.save({"read_on": str(today), "sessions": kept})
        return sessions


def _agree(sessions: Sequence[SessionHours], clock: Fields) -> bool:
    """Whether the sessions have the clock's next open and next close."""
    now = clock.instant("timestamp")
    opens = min((hours.opens for hours in sessions if hours.opens > now), default=None)
    closes = min((hours.closes for hours in sessions if hours.closes > now), default=None)
    if opens is None or closes is None:
        return False
    by_clock = (clock.flag("is_open"), clock.maybe_instant("next_open"), clock.maybe_instant("next_close"))
    return by_clock == (closes < opens, opens, closes)


def _session(hours: SessionHours) -> date:
    return hours.session


def _parse_hours(raw: Json) -> SessionHours:
    """One day of the calendar, in New York time: {"date": "2022-11-25", "open": "09:30", "close": "13:00"}."""
    fields = Fields(raw, "a session")
    try:
        day = date.fromisoformat(fields.text("date"))
        opens, closes = (time.fromisoformat(fields.text(name)) for name in ("open", "close"))
    except ValueError as error:
        raise BrokerUnavailable(f"Alpaca's calendar cannot be read: {error}.") from error
    return SessionHours(
        session=day,
        opens=new_york_instant(day, opens),
        closes=new_york_instant(day, closes),
        half_day=closes < _USUAL_CLOSE,
    )
