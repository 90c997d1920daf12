"""The exchange's hours by Robinhood, and the time by this machine: Robinhood has no clock of its own.

Hours are captured: GET /markets/XNYS/hours/{date}/ tells those of a date, and the addresses of the sessions beside it.
"""

from __future__ import annotations

from datetime import date, time

from tradebot.brokers.http.api import Api
from tradebot.brokers.http.json_cache import JsonCache
from tradebot.brokers.http.responses import Json
from tradebot.brokers.robinhood import addresses
from tradebot.brokers.robinhood.json_fields import Fields, last_part
from tradebot.core.model.account import MarketClock, SessionHours
from tradebot.core.model.exchange_time import new_york_date, new_york_instant
from tradebot.errors import BrokerUnavailable
from tradebot.ports import Clock

_EXCHANGE = "XNYS"
_USUAL_CLOSE = time(16, 0)  # New York time


class RobinhoodClock:
    """The time, with the session of today, the one before and the one after.

    The three are read once a New York date, by the first command of it: a closing is known at the latest on the day
    after it is announced.
    """

    def __init__(self, api: Api, cache: JsonCache, clock: Clock) -> None:
        self._api = api
        self._cache = cache
        self._clock = clock
        self._days: dict[date, tuple[SessionHours, ...]] = {}  # by the date that they were read on

    def clock(self) -> MarketClock:
        """The time now and the sessions around it. Raises BrokerUnavailable."""
        now = self._clock.now()
        today = new_york_date(now)
        if today not in self._days:
            self._days[today] = self._cached(today) or self._fetch(today)
        sessions = self._days[today]
        hours = next((each for each in sessions if each.session == today), None)
        return MarketClock(
            now=now,
            is_open=hours is not None and hours.opens <= now < hours.closes,
            today=hours,
            previous=next((each for each in sessions if each.session < today), None),
            upcoming=next((each for each in sessions if each.session > today), None),
            sessions=sessions,
        )

    def _cached(self, today: date) -> tuple[SessionHours, ...]:
        """The sessions that a command cached today; none without such a command."""
        cached = self._cache.load()
        if not isinstance(cached, dict) or cached.get("read_on") != str(today):
            return ()
        return tuple(filter(None, map(parse_hours, cached["days"])))

    def _fetch(self, today: date) -> tuple[SessionHours, ...]:
        raw = self._read(today.isoformat())
        fields = Fields(raw, "the hours of today")
        beside = [last_part(fields.text(name)) for name in ("previous_open_hours", "next_open_hours")]
        days = [raw, *(self._read(day) for day in beside)]
        sessions = tuple(filter(None, map(parse_hours, days)))
        if not any(each.session < today for each in sessions) or not any(each.session > today for each in sessions):
            raise BrokerUnavailable("Robinhood's hours do not tell the sessions before and after today.")
        kept = [{name: day[name] for name in ("date", "is_open", "opens_at", "closes_at")} for day in days]
        self._cache.save({"read_on": str(today), "days": kept})
        return sessions

    def _read(self, day: str) -> Json:
        return self._api.read(addresses.market_hours(_EXCHANGE, day))


def parse_hours(raw: Json) -> SessionHours | None:
    """The session of a date; None for a date on which the exchange is closed. Raises BrokerUnavailable."""
    fields = Fields(raw, "the hours of a day")
    if not fields.flag("is_open"):
        return None
    try:
        day = date.fromisoformat(fields.text("date"))
    except ValueError as error:
        raise BrokerUnavailable(f"Robinhood's hours cannot be read: {error}.") from error
    closes = fields.instant("closes_at")
    return SessionHours(
        session=day,
        opens=fields.instant("opens_at"),
        closes=closes,
        half_day=closes < new_york_instant(day, _USUAL_CLOSE),
    )
