"""The exchange calendar, judged by another one: exchange_calendars' XNYS."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, timedelta

import exchange_calendars
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradebot.core.model.account import CalendarDay, SessionHours
from tradebot.market.calendar import CLOSED, CLOSURES_FILE, CorrectedCalendar, NyseCalendar, closures_in
from tradebot.ports import Calendar

# The judge's own use of pandas, which is its business.
pytestmark = pytest.mark.filterwarnings("ignore:Series.values")

FIRST = date(1952, 1, 1)
FIRST_OF_HOLIDAYS = 2000  # of earlier years the package `holidays` misses sessions
LAST = date(2030, 12, 31)
CALENDAR: Calendar = NyseCalendar()


@pytest.fixture(scope="module")
def judge() -> pd.DataFrame:
    """XNYS: a row a session with its opening and closing instants in UTC.

    Its schedule has the regular holidays before 1970 as sessions, though its rules know them: it asks pandas for the
    holidays without a first day, which is then 1970.
    """
    xnys = exchange_calendars.get_calendar("XNYS", start=FIRST.isoformat(), end=LAST.isoformat())
    holidays = xnys.regular_holidays.holidays(FIRST, date(1969, 12, 31))
    schedule: pd.DataFrame = xnys.schedule.drop(index=holidays, errors="ignore")
    return schedule


def test_every_session_opening_and_closing_of_79_years_agrees_with_the_judge(judge: pd.DataFrame) -> None:
    ours = CALENDAR.between(FIRST, LAST)

    assert [hours.session for hours in ours] == [stamp.date() for stamp in judge.index]
    assert [hours.opens for hours in ours] == [stamp.to_pydatetime() for stamp in judge["open"]]
    assert [hours.closes for hours in ours] == [stamp.to_pydatetime() for stamp in judge["close"]]


def test_a_half_day_is_one_that_the_judge_closes_before_16_00(judge: pd.DataFrame) -> None:
    closes = judge["close"].dt.tz_convert("America/New_York")
    early = {stamp.date() for stamp in judge.index[closes.dt.hour < 16]}

    assert {hours.session for hours in CALENDAR.between(FIRST, LAST) if hours.half_day} == early
    assert len(early) > 60


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        (date(2007, 3, 9), "14:30", "21:00"),  # the last session of winter time
        (date(2007, 3, 12), "13:30", "20:00"),  # summer time, three weeks earlier than the year before
        (date(2006, 3, 13), "14:30", "21:00"),
        (date(2007, 11, 2), "13:30", "20:00"),
        (date(2007, 11, 5), "14:30", "21:00"),
        (date(2007, 11, 23), "14:30", "18:00"),  # the day after Thanksgiving
        (date(2007, 7, 3), "13:30", "17:00"),  # a half day in summer
        (date(1970, 5, 29), "13:30", "20:00"),  # a Friday before a holiday on a Saturday
        (date(1985, 12, 24), "14:30", "19:00"),  # a close at 14:00
    ],
)
def test_hours_are_utc_and_follow_new_york_daylight_saving(day: date, opens: str, closes: str) -> None:
    hours = CALENDAR.hours(day)

    assert hours is not None
    assert (hours.opens.tzinfo, hours.closes.tzinfo) == (UTC, UTC)
    assert (f"{hours.opens:%H:%M}", f"{hours.closes:%H:%M}") == (opens, closes)


@pytest.mark.parametrize(
    "day",
    [
        date(2007, 1, 1),
        date(2007, 1, 2),  # mourning for President Ford
        date(2001, 9, 11),
        date(2001, 9, 14),
        date(2012, 10, 29),  # hurricane Sandy
        date(2010, 4, 2),  # Good Friday
        date(1957, 12, 25),
        date(1968, 11, 11),  # a Monday without trading, for the paperwork
        date(2007, 1, 6),  # a Saturday
        date(2007, 1, 7),
    ],
)
def test_the_exchange_is_closed(day: date) -> None:
    assert CALENDAR.hours(day) is None


def test_neighbours_skip_weekends_and_holidays_and_cross_the_year() -> None:
    assert CALENDAR.following(date(2006, 12, 29)).session == date(2007, 1, 3)
    assert CALENDAR.previous(date(2007, 1, 3)).session == date(2006, 12, 29)
    assert CALENDAR.previous(date(2001, 9, 17)).session == date(2001, 9, 10)


def test_between_includes_both_ends_and_is_empty_when_turned_round() -> None:
    week = CALENDAR.between(date(2007, 1, 3), date(2007, 1, 5))

    assert [hours.session.day for hours in week] == [3, 4, 5]
    assert CALENDAR.between(date(2007, 1, 5), date(2007, 1, 3)) == ()
    assert CALENDAR.between(date(2007, 1, 6), date(2007, 1, 7)) == ()


@given(st.dates(FIRST, LAST))
def test_a_day_lies_between_its_neighbours_and_no_session_is_skipped(day: date) -> None:
    before, after = CALENDAR.previous(day), CALENDAR.following(day)
    on_the_day: tuple[SessionHours, ...] = tuple(hours for hours in [CALENDAR.hours(day)] if hours)

    assert before.session < day < after.session
    assert CALENDAR.between(before.session, after.session) == (before, *on_the_day, after)
    assert after.session - before.session <= timedelta(days=8)


def test_the_table_of_past_years_holds_whole_years_as_the_package_knows_them() -> None:
    rows = [line.split(",") for line in CLOSURES_FILE.read_text(encoding="ascii").splitlines()[1:]]
    years = sorted({int(day[:4]) for day, _ in rows})

    assert years == list(range(FIRST.year, years[-1] + 1))
    assert {date.fromisoformat(day): what for day, what in rows if int(day[:4]) >= FIRST_OF_HOLIDAYS} == {
        day: what for year in range(FIRST_OF_HOLIDAYS, years[-1] + 1) for day, what in closures_in(year).items()
    }
    assert len([what for _, what in rows if what == CLOSED]) >= 9 * len(years)


def test_a_past_year_costs_neither_pandas_nor_holidays() -> None:
    code = (
        "import sys, datetime; from tradebot.market.calendar import NyseCalendar;"
        "NyseCalendar().hours(datetime.date(2007, 1, 3)); sys.exit(bool({'pandas', 'holidays'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- the broker's word for single days --------------------------------------------------------------

TUESDAY, SATURDAY = date(2007, 1, 9), date(2007, 1, 13)


def _hours(day: date, like: date) -> SessionHours:
    """The hours of another session on a day of the same week."""
    usual = CALENDAR.hours(like)
    assert usual is not None
    later = day - like
    return replace(usual, session=day, opens=usual.opens + later, closes=usual.closes + later)


def test_without_a_correction_the_installed_calendar_counts() -> None:
    corrected = CorrectedCalendar(NyseCalendar())
    year = date(2007, 1, 1), date(2007, 12, 31)
    assert corrected.between(*year) == CALENDAR.between(*year)
    assert corrected.corrections(date.min) == ()


def test_a_closed_day_is_skipped_by_its_neighbours() -> None:
    corrected = CorrectedCalendar(NyseCalendar(), [CalendarDay(TUESDAY, None)])
    assert corrected.hours(TUESDAY) is None
    assert corrected.following(date(2007, 1, 8)).session == date(2007, 1, 10)
    assert corrected.previous(date(2007, 1, 10)).session == date(2007, 1, 8)
    assert [each.session.day for each in corrected.between(date(2007, 1, 8), date(2007, 1, 11))] == [8, 10, 11]


def test_an_extra_session_and_other_hours_take_their_place() -> None:
    extra, early = _hours(SATURDAY, like=TUESDAY), _hours(TUESDAY, like=TUESDAY)
    early = replace(early, closes=early.closes - timedelta(hours=3), half_day=True)
    corrected = CorrectedCalendar(NyseCalendar(), [CalendarDay(SATURDAY, extra)])
    corrected.correct([CalendarDay(TUESDAY, early)])
    assert corrected.between(TUESDAY, date(2007, 1, 14))[0] == early
    assert corrected.between(TUESDAY, date(2007, 1, 14))[-1] == extra
    assert corrected.previous(date(2007, 1, 16)) == corrected.following(date(2007, 1, 12)) == extra


def test_the_newest_word_counts_and_corrections_are_what_still_differs() -> None:
    corrected = CorrectedCalendar(NyseCalendar())
    closed, wednesday = CalendarDay(TUESDAY, None), CalendarDay(date(2007, 1, 10), None)
    corrected.correct([wednesday, closed])
    assert corrected.corrections(TUESDAY) == (closed, wednesday)
    assert corrected.corrections(date(2007, 1, 10)) == (wednesday,)
    corrected.correct([CalendarDay(TUESDAY, CALENDAR.hours(TUESDAY))])
    assert corrected.corrections(TUESDAY) == (wednesday,)
    assert corrected.hours(TUESDAY) == CALENDAR.hours(TUESDAY)
