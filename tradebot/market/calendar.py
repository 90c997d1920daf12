"""The New York Stock Exchange's sessions: of past years from a table beside the package, of others from `holidays`.

What has been cannot change, and to import `holidays` costs as much as all else that a quick command does.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import date, time, timedelta
from functools import cache
from pathlib import Path

from tradebot.core.model.account import MarketClock, SessionHours
from tradebot.core.model.exchange_time import new_york_date, new_york_instant

_OPENS = time(9, 30)
_CLOSES = time(16, 0)
_CLOSES_EARLY = time(13, 0)
_ONE_DAY = timedelta(days=1)
_SATURDAY = 5

#: Made from `holidays` by scripts/update_calendar.py: whole years, each day that was closed or closed early.
PAST_YEARS = Path(__file__).resolve().parent.parent / "data" / "nyse_closures.csv"
CLOSED, EARLY = "closed", "early"


class NyseCalendar:
    """Sessions of the exchange since 1952, when it stopped opening on Saturdays.

    A session is a New York date; its opening and closing are aware UTC instants. Days on which trading began late or
    paused have their usual hours here.
    """

    def hours(self, day: date) -> SessionHours | None:
        """The session on a New York date, or None when the exchange is closed all day."""
        return _sessions_of(day.year).get(day)

    def previous(self, day: date) -> SessionHours:
        """The newest session before ``day``."""
        return self._nearest(day, -_ONE_DAY)

    def following(self, day: date) -> SessionHours:
        """The first session after ``day``."""
        return self._nearest(day, _ONE_DAY)

    def between(self, first: date, last: date) -> tuple[SessionHours, ...]:
        """The sessions from ``first`` to ``last``, both included, in order; none when ``last`` is before ``first``."""
        found: list[SessionHours] = []
        for year in range(first.year, last.year + 1):
            days, hours = _in_order(year)
            found += hours[bisect_left(days, first) : bisect_right(days, last)]
        return tuple(found)

    def _nearest(self, day: date, step: timedelta) -> SessionHours:
        day += step
        while (hours := self.hours(day)) is None:
            day += step
        return hours


def decision_date(clock: MarketClock) -> date:
    """The session that a decision at ``clock.now`` is made in, or the New York date when there is none."""
    return clock.today.session if clock.today else new_york_date(clock.now)


def closures_of(year: int) -> Mapping[date, str]:
    """The weekdays of a year on which the exchange is CLOSED, or closes EARLY, as the package `holidays` knows them."""
    from holidays import financial_holidays

    closed = financial_holidays("NYSE", years=year, expand=False, categories=("public",))
    early = financial_holidays("NYSE", years=year, expand=False, categories=("half_day",))
    days = {**dict.fromkeys(early, EARLY), **dict.fromkeys(closed, CLOSED)}
    return {day: days[day] for day in sorted(days) if day.weekday() < _SATURDAY}


@cache
def _sessions_of(year: int) -> Mapping[date, SessionHours]:
    """A year's sessions in order, by date."""
    closures = _past_closures().get(year) or closures_of(year)
    new_year = date(year, 1, 1)
    days = (new_year + timedelta(days=count) for count in range((date(year, 12, 31) - new_year).days + 1))
    return {
        day: _session(day, half_day=day in closures)
        for day in days
        if day.weekday() < _SATURDAY and closures.get(day) != CLOSED
    }


@cache
def _in_order(year: int) -> tuple[tuple[date, ...], tuple[SessionHours, ...]]:
    """The dates and the hours of a year's sessions."""
    return tuple(_sessions_of(year)), tuple(_sessions_of(year).values())


@cache
def _past_closures() -> Mapping[int, Mapping[date, str]]:
    """The table of past years, by year."""
    past: dict[int, dict[date, str]] = {}
    for line in PAST_YEARS.read_text(encoding="ascii").splitlines()[1:]:
        day, what = line.split(",")
        past.setdefault(int(day[:4]), {})[date.fromisoformat(day)] = what
    return past


def _session(day: date, *, half_day: bool) -> SessionHours:
    return SessionHours(
        session=day,
        opens=new_york_instant(day, _OPENS),
        closes=new_york_instant(day, _CLOSES_EARLY if half_day else _CLOSES),
        half_day=half_day,
    )
