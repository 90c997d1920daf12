"""The sessions of the New York Stock Exchange: past years from a table in the package, others from `holidays`.

Importing `holidays` takes as long as everything else in a short command.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from functools import cache
from pathlib import Path

from tradebot.core.model.account import CalendarDay, MarketClock, SessionHours
from tradebot.core.model.exchange_time import new_york_date, new_york_instant

_OPENS = time(9, 30)
_CLOSES = time(16, 0)
_CLOSES_EARLY = time(13, 0)  # where ``closures_in`` knows of no other time
_ONE_DAY = timedelta(days=1)
_SATURDAY = 5  # of ``date.weekday``

#: Closures and early closes of whole years since 1952, written by scripts/update_calendar.py.
CLOSURES_FILE = Path(__file__).resolve().parent.parent / "data" / "nyse_closures.csv"
CLOSED, EARLY = "closed", f"{_CLOSES_EARLY:%H:%M}"


class NyseCalendar:
    """The sessions of the exchange since 1952, when it stopped opening on Saturdays.

    A session is a New York date; it opens and closes at aware UTC instants. A late opening or an interruption of
    trading does not change the hours here. Before October 1974 the exchange closed at 15:30; the hours here are those
    of today.
    """

    def hours(self, day: date) -> SessionHours | None:
        """The session on a New York date; None if the exchange is closed."""
        return _sessions_of(day.year).get(day)

    def previous(self, day: date) -> SessionHours:
        """The last session before ``day``."""
        return _nearest(self, day, -_ONE_DAY)

    def following(self, day: date) -> SessionHours:
        """The first session after ``day``."""
        return _nearest(self, day, _ONE_DAY)

    def between(self, first: date, last: date) -> tuple[SessionHours, ...]:
        """The sessions from ``first`` to ``last``, both inclusive, in order; none if ``last`` is before ``first``."""
        sessions: list[SessionHours] = []
        for year in range(first.year, last.year + 1):
            days, hours = _in_order(year)
            sessions += hours[bisect_left(days, first) : bisect_right(days, last)]
        return tuple(sessions)


class CorrectedCalendar:
    """An installed calendar on which the broker's word wins for single days; implements ports.CorrectableCalendar."""

    def __init__(self, installed: NyseCalendar, days: Iterable[CalendarDay] = ()) -> None:
        self._installed = installed
        self._days: dict[date, SessionHours | None] = {}
        self.correct(days)

    def correct(self, days: Iterable[CalendarDay]) -> None:
        """Go by ``days`` from now on, whatever was said of them before."""
        self._days.update((each.day, each.hours) for each in days)

    def corrections(self, first: date) -> tuple[CalendarDay, ...]:
        """The corrected days from ``first`` on that differ from the installed calendar, in order."""
        days = (CalendarDay(day, self._days[day]) for day in sorted(self._days) if day >= first)
        return tuple(each for each in days if each.hours != self._installed.hours(each.day))

    def hours(self, day: date) -> SessionHours | None:
        """The session on a New York date; None if the exchange is closed."""
        return self._days[day] if day in self._days else self._installed.hours(day)

    def previous(self, day: date) -> SessionHours:
        """The last session before ``day``."""
        return _nearest(self, day, -_ONE_DAY)

    def following(self, day: date) -> SessionHours:
        """The first session after ``day``."""
        return _nearest(self, day, _ONE_DAY)

    def between(self, first: date, last: date) -> tuple[SessionHours, ...]:
        """The sessions from ``first`` to ``last``, both inclusive, in order; none if ``last`` is before ``first``."""
        installed = self._installed.between(first, last)
        corrected = {day: hours for day, hours in self._days.items() if first <= day <= last}
        if not corrected:
            return installed
        by_day = {hours.session: hours for hours in installed} | corrected
        return tuple(hours for day in sorted(by_day) if (hours := by_day[day]) is not None)


def _nearest(calendar: NyseCalendar | CorrectedCalendar, day: date, step: timedelta) -> SessionHours:
    day += step
    while (hours := calendar.hours(day)) is None:
        day += step
    return hours


def decision_date(clock: MarketClock) -> date:
    """The session in which a decision at ``clock.now`` is made; the New York date if there is none today."""
    return clock.today.session if clock.today else new_york_date(clock.now)


def closures_in(year: int) -> Mapping[date, str]:
    """The weekdays of a year on which the exchange is CLOSED or closes EARLY, according to the package `holidays`.

    It is right from 2000 on; of earlier years it misses some sessions and early closes.
    """
    from holidays import financial_holidays

    closed = financial_holidays("NYSE", years=year, expand=False, categories=("public",))
    early = financial_holidays("NYSE", years=year, expand=False, categories=("half_day",))
    days = {**dict.fromkeys(early, EARLY), **dict.fromkeys(closed, CLOSED)}
    return {day: days[day] for day in sorted(days) if day.weekday() < _SATURDAY}


@cache
def _sessions_of(year: int) -> Mapping[date, SessionHours]:
    """The sessions of a year by date, in order."""
    closures = _past_closures().get(year) or closures_in(year)
    new_year = date(year, 1, 1)
    days = (new_year + timedelta(days=count) for count in range((date(year, 12, 31) - new_year).days + 1))
    return {
        day: _session(day, closures.get(day))
        for day in days
        if day.weekday() < _SATURDAY and closures.get(day) != CLOSED
    }


@cache
def _in_order(year: int) -> tuple[tuple[date, ...], tuple[SessionHours, ...]]:
    """The dates and the hours of the sessions of a year."""
    return tuple(_sessions_of(year)), tuple(_sessions_of(year).values())


@cache
def _past_closures() -> Mapping[int, Mapping[date, str]]:
    """The table of past years: CLOSED or the New York time of an early close, by year and date."""
    closures: dict[int, dict[date, str]] = {}
    for line in CLOSURES_FILE.read_text(encoding="ascii").splitlines()[1:]:
        day, kind = line.split(",")
        closures.setdefault(int(day[:4]), {})[date.fromisoformat(day)] = kind
    return closures


def _session(day: date, early: str | None) -> SessionHours:
    return SessionHours(
        session=day,
        opens=new_york_instant(day, _OPENS),
        closes=new_york_instant(day, time.fromisoformat(early) if early else _CLOSES),
        half_day=early is not None,
    )
