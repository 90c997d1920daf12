"""What the broker's calendar says otherwise than the one here, and whether it can be believed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from tradebot.core.model.account import CalendarDay, SessionHours
from tradebot.core.model.exchange_time import NEW_YORK, new_york_date
from tradebot.core.model.values import plural

#: The most sessions that one answer may close. The longest closing since 1933 took four, in September 2001.
MOST_CLOSED = 5
#: A session lies within the hours in which US exchanges trade at all, New York time.
_EARLIEST, _LATEST = time(4), time(20)
_SATURDAY = 5  # of ``date.weekday``
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CalendarChanges:
    """The days on which two calendars differ. With a ``doubt`` there are none: nothing of that answer is believed."""

    days: tuple[CalendarDay, ...] = ()
    doubt: str = ""  # why the answer can't be believed; "" if it can


def calendar_changes(
    told: Sequence[SessionHours],
    hours_here: Callable[[date], SessionHours | None],
    today: date,
    settled: Collection[date] = (),
) -> CalendarChanges:
    """The days on which the broker's calendar differs from the one here.

    told: the broker's sessions, in any order. It says nothing of the days before the first and after the last of them:
        an answer that was cut off closes no day.
    today: the New York date.
    settled: the days that are not to be changed any more.
    """
    there = {hours.session: hours for hours in told}
    if not there or max(there) <= today:
        return CalendarChanges(doubt="it has no session after today")
    if doubts := [text for hours in told if (text := _impossible(hours))]:
        return CalendarChanges(doubt="; ".join(doubts))
    changes = tuple(
        CalendarDay(day, there.get(day))
        for day in _days(min(there), max(there))
        if day not in settled and there.get(day) != hours_here(day)
    )
    closed = _closed(changes)
    if closed > MOST_CLOSED:
        return CalendarChanges(doubt=f"it closes {plural(closed, 'session')} at once")
    return CalendarChanges(changes)


def hours_text(hours: SessionHours | None) -> str:
    """The hours of a session in New York time: "09:30 to 13:00"; "closed" for none."""
    if hours is None:
        return "closed"
    return f"{hours.opens.astimezone(NEW_YORK):%H:%M} to {hours.closes.astimezone(NEW_YORK):%H:%M}"


def _impossible(hours: SessionHours) -> str:
    """Why a session can't be one; "" if it can."""
    if hours.session.weekday() >= _SATURDAY:
        return f"it opens on {hours.session}, a weekend"
    opens, closes = hours.opens.astimezone(NEW_YORK), hours.closes.astimezone(NEW_YORK)
    in_order = hours.opens < hours.closes and new_york_date(hours.opens) == new_york_date(hours.closes) == hours.session
    if not in_order or opens.time() < _EARLIEST or closes.time() > _LATEST:
        return f"on {hours.session} it opens {opens:%H:%M} and closes {closes:%H:%M}"
    return ""


def _closed(changes: Iterable[CalendarDay]) -> int:
    return sum(change.hours is None for change in changes)


def _days(first: date, last: date) -> Iterator[date]:
    for count in range((last - first).days + 1):
        yield first + count * _ONE_DAY
