"""Where the broker's calendar differs from the one here, and which answers are not believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from tradebot.core.model.account import CalendarDay, SessionHours
from tradebot.core.model.exchange_time import new_york_instant
from tradebot.core.safety.calendar_changes import MOST_CLOSED, CalendarChanges, calendar_changes, hours_text

#: A fortnight of five sessions a week, from a Monday on.
FIRST = date(2007, 2, 26)
TODAY = date(2007, 3, 5)


def hours(day: date, opens: time = time(9, 30), closes: time = time(16)) -> SessionHours:
    return SessionHours(day, new_york_instant(day, opens), new_york_instant(day, closes), closes < time(16))


USUAL = tuple(
    hours(day) for day in (FIRST + timedelta(days=count) for count in range(26)) if day.weekday() < 5
)  # Monday the 26th of February to Friday the 23rd of March


def here(day: date) -> SessionHours | None:
    return next((each for each in USUAL if each.session == day), None)


def without(*days: date) -> tuple[SessionHours, ...]:
    return tuple(each for each in USUAL if each.session not in days)


def with_(changed: SessionHours) -> tuple[SessionHours, ...]:
    return (*without(changed.session), changed)


def test_two_calendars_that_agree_differ_on_no_day() -> None:
    assert calendar_changes(USUAL, here, TODAY) == CalendarChanges()
    assert calendar_changes(tuple(reversed(USUAL)), here, TODAY) == CalendarChanges()


def test_a_closing_an_early_close_and_an_extra_session_are_found() -> None:
    closed, early = date(2007, 3, 7), hours(date(2007, 3, 9), closes=time(13))
    told = tuple(early if each.session == early.session else each for each in without(closed))
    expected = (CalendarDay(closed, None), CalendarDay(early.session, early))
    assert calendar_changes(told, here, TODAY) == CalendarChanges(expected)

    def holiday_here(day: date) -> SessionHours | None:
        return None if day == closed else here(day)

    assert calendar_changes(USUAL, holiday_here, TODAY).days == (CalendarDay(closed, hours(closed)),)


def test_an_answer_that_ends_early_closes_no_day_behind_its_end() -> None:
    cut_off = tuple(each for each in USUAL if date(2007, 3, 1) <= each.session <= date(2007, 3, 8))
    assert calendar_changes(cut_off, here, TODAY) == CalendarChanges()


def test_a_settled_day_is_not_changed() -> None:
    past = date(2007, 3, 2)
    assert calendar_changes(without(past), here, TODAY).days == (CalendarDay(past, None),)
    assert calendar_changes(without(past), here, TODAY, {past}) == CalendarChanges()


def test_a_week_may_be_closed_and_no_session_more() -> None:
    week = [date(2007, 3, 6) + timedelta(days=count) for count in range(7)]
    assert len(calendar_changes(without(*week), here, TODAY).days) == MOST_CLOSED
    doubted = calendar_changes(without(*week, date(2007, 3, 13)), here, TODAY)
    assert doubted == CalendarChanges(doubt="it closes 6 sessions at once")


@pytest.mark.parametrize("told", [(), tuple(each for each in USUAL if each.session <= TODAY)])
def test_a_calendar_without_a_session_ahead_is_not_believed(told: tuple[SessionHours, ...]) -> None:
    assert calendar_changes(told, here, TODAY) == CalendarChanges(doubt="it has no session after today")


def _moved(day: date, opens: datetime | None = None, closes: datetime | None = None) -> SessionHours:
    usual = hours(day)
    return replace(usual, opens=opens or usual.opens, closes=closes or usual.closes)


DAY = date(2007, 3, 7)


@pytest.mark.parametrize(
    ("impossible", "doubt"),
    [
        (hours(DAY, time(16), time(9, 30)), "on 2007-03-07 it opens 16:00 and closes 09:30"),
        (hours(DAY, time(9, 30), time(9, 30)), "on 2007-03-07 it opens 09:30 and closes 09:30"),
        (hours(DAY, time(0, 0)), "on 2007-03-07 it opens 00:00 and closes 16:00"),
        (hours(DAY, closes=time(23, 59)), "on 2007-03-07 it opens 09:30 and closes 23:59"),
        (
            _moved(DAY, closes=new_york_instant(DAY + timedelta(days=1), time(16))),
            "on 2007-03-07 it opens 09:30 and closes 16:00",
        ),
        (hours(date(2007, 3, 10)), "it opens on 2007-03-10, a weekend"),
    ],
)
def test_hours_that_no_session_has_are_not_believed_nor_is_the_rest_of_the_answer(
    impossible: SessionHours, doubt: str
) -> None:
    told = tuple(each for each in with_(impossible) if each.session != date(2007, 3, 8))
    assert calendar_changes(told, here, TODAY) == CalendarChanges(doubt=doubt)


def test_hours_are_told_in_new_york_time_across_the_change_of_clocks() -> None:
    assert hours_text(hours(date(2007, 3, 9))) == hours_text(hours(date(2007, 3, 12))) == "09:30 to 16:00"
    assert hours_text(None) == "closed"
