"""Alpaca's clock and the exchange's sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta

from tradebot.brokers.alpaca.broker.cache import Memory
from tradebot.brokers.alpaca.json_fields import Fields, rows
from tradebot.brokers.http.api import Api
from tradebot.brokers.http.responses import Json
from tradebot.core.model.account import MarketClock, SessionHours
from tradebot.core.model.exchange_time import new_york_date, new_york_instant
from tradebot.errors import BrokerUnavailable

_USUAL_CLOSE = time(16, 0)
#: Days before and after today that the calendar is read for: longer than any pause between two sessions since 1952.
_AROUND = timedelta(days=14)
#: An answer that was kept must reach so far, so that the next session is surely in it.
_AHEAD = timedelta(days=7)


class Hours:
    """The clock, asked each time, and the sessions around a day.

    The sessions are asked for once a day at most. An answer that an earlier command left is taken for as long as the
    clock agrees with it on what opens and closes next.
    """

    def __init__(self, api: Api, memory: Memory) -> None:
        self._api = api
        self._memory = memory
        self._sessions: dict[date, tuple[SessionHours, ...]] = {}

    def clock(self) -> MarketClock:
        fields = Fields(self._api.read("/v2/clock"), "the clock")
        now = fields.instant("timestamp")
        today = new_york_date(now)
        if today not in self._sessions:
            kept = tuple(map(_hours, self._memory.recall() or ()))
            self._sessions[today] = kept if _agree(kept, fields) else self._asked(today)
        sessions = self._sessions[today]
        return MarketClock(
            now=now,
            is_open=fields.flag("is_open"),
            today=next((hours for hours in sessions if hours.session == today), None),
            previous=max((hours for hours in sessions if hours.session < today), key=_session, default=None),
            upcoming=min((hours for hours in sessions if hours.session > today), key=_session, default=None),
        )

    def _asked(self, day: date) -> tuple[SessionHours, ...]:
        params = {"start": str(day - _AROUND), "end": str(day + _AROUND)}
        days = rows(self._api.read("/v2/calendar", params), "sessions")
        sessions = tuple(map(_hours, days))
        self._memory.keep([{name: day[name] for name in ("date", "open", "close")} for day in days])
        return sessions


def _agree(sessions: Sequence[SessionHours], clock: Fields) -> bool:
    """Whether these sessions reach far enough, and the clock opens and closes next as they do."""
    now = clock.instant("timestamp")
    if not any(hours.closes > now + _AHEAD for hours in sessions):
        return False
    opens = min(hours.opens for hours in sessions if hours.opens > now)
    closes = min(hours.closes for hours in sessions if hours.closes > now)
    told = (clock.flag("is_open"), clock.maybe_instant("next_open"), clock.maybe_instant("next_close"))
    return told == (closes < opens, opens, closes)


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
        session=day,
        opens=new_york_instant(day, opens),
        closes=new_york_instant(day, closes),
        half_day=closes < _USUAL_CLOSE,
    )
