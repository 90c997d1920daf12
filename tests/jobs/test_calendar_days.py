"""Days on which the broker's calendar differs from the one here: what is stored, said, and gone by."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.jobs.brokers import Around
from tests.jobs.checks.checked import FAIL, PASS, WARN, checked, named
from tests.jobs.conftest import MakeHouse
from tests.jobs.house import House, Wrap
from tradebot.core.model.account import CalendarDay, MarketClock, SessionHours
from tradebot.core.model.schedule import Job
from tradebot.core.results.outcomes import Outcome
from tradebot.jobs import status
from tradebot.market.calendar import NyseCalendar

#: The second session of a home, when its jobs run, and the day that a broker closes.
TODAY, MONDAY = date(2007, 1, 4), date(2007, 1, 8)
FORTNIGHT = NyseCalendar().between(date(2006, 12, 21), date(2007, 1, 18))
STORED = "SELECT day, opens, closes FROM v_calendar_days"


class Telling(Around):
    """A broker with a calendar of its own."""

    sessions: tuple[SessionHours, ...] = FORTNIGHT

    def clock(self) -> MarketClock:
        return replace(super().clock(), sessions=self.sessions)


class ClosesOnMonday(Telling):
    sessions = tuple(each for each in FORTNIGHT if each.session != MONDAY)


class ClosedYesterday(Telling):
    sessions = tuple(each for each in FORTNIGHT if each.session != date(2007, 1, 3))

    def clock(self) -> MarketClock:
        return replace(super().clock(), previous=NyseCalendar().hours(date(2006, 12, 29)))


class ClosesToday(Telling):
    """Says that its session is over at 13:00, and speaks of a fortnight of Sundays."""

    sessions = tuple(replace(each, session=each.session + timedelta(days=2)) for each in FORTNIGHT)

    def clock(self) -> MarketClock:
        market = super().clock()
        assert market.today is not None
        return replace(market, today=replace(market.today, closes=market.today.opens.replace(hour=18), half_day=True))


class Nonsense(Telling):
    sessions = tuple(each for each in FORTNIGHT if each.session <= TODAY)


def said(house: House) -> list[tuple[str, str]]:
    return [(row["level"], row["title"]) for row in house.rows("SELECT level, title FROM alerts ORDER BY seq")]


def notes(outcome: Outcome) -> list[str]:
    """What was noted, save the opening and the jobs that a home without a crontab misses."""
    return [note for note in outcome.notes if not note.startswith(("missed", "opening"))]


def test_a_calendar_that_agrees_says_nothing(make_house: MakeHouse) -> None:
    house = make_house()
    outcome = house.daily(wrap=Telling)
    assert (notes(outcome), said(house), house.rows(STORED)) == ([], [], [])


@pytest.mark.parametrize("job", [Job.RUN_DAILY, Job.CHECK_EXITS, Job.RECONCILE])
def test_a_closing_to_come_is_stored_and_said_once(make_house: MakeHouse, job: Job) -> None:
    house = make_house()
    outcome = house.run(job, wrap=ClosesOnMonday)
    assert notes(outcome) == ["the exchange will be closed on 2007-01-08; the installed calendar did not know"]
    assert notes(house.daily(wrap=ClosesOnMonday)) == []
    assert said(house) == [("warning", "the exchange will be closed on 2007-01-08")]
    assert house.rows(STORED) == [{"day": "2007-01-08", "opens": None, "closes": None}]
    with house.desk() as desk:
        assert desk.calendar.following(date(2007, 1, 5)).session == date(2007, 1, 9)


def test_a_day_that_has_passed_stays_as_it_was_stored(make_house: MakeHouse) -> None:
    house = make_house()
    assert notes(house.daily(wrap=ClosedYesterday)) == [
        "the exchange was closed on 2007-01-03; the installed calendar did not know"
    ]
    assert notes(house.daily(wrap=Telling)) == []
    assert len(house.rows(STORED)) == 1


def test_what_is_announced_otherwise_for_a_day_to_come_takes_its_place(make_house: MakeHouse) -> None:
    house = make_house()
    house.daily(wrap=ClosesOnMonday)
    assert notes(house.daily(wrap=Telling)) == [
        "the exchange trades 09:30 to 16:00 on 2007-01-08; it was announced otherwise before"
    ]
    with house.desk() as desk:
        assert desk.calendar.corrections(date.min) == ()


@pytest.mark.parametrize(("wrap", "result"), [(Telling, PASS), (ClosesOnMonday, WARN), (Nonsense, WARN)])
def test_preflight_warns_of_what_is_to_come(make_house: MakeHouse, wrap: Wrap, result: str) -> None:
    assert named(checked(make_house(), wrap), "calendar").result is result


def test_an_answer_that_is_not_believed_changes_nothing_and_fails_where_it_is_about_today(
    make_house: MakeHouse,
) -> None:
    house = make_house()
    check = named(checked(house, ClosesToday), "calendar")
    assert check.result is FAIL
    assert "the broker's is not believed: it opens on 2006-12-23, a weekend" in check.figure
    assert house.rows(STORED) == []
    assert said(house) == [("warning", "the broker's calendar is not believed")]


def test_status_goes_by_what_is_stored_and_stores_nothing(make_house: MakeHouse) -> None:
    house = make_house()
    with house.desk(wrap=ClosesOnMonday) as desk:
        status.run(desk, "")
    assert house.rows(STORED) == []
    with house.desk() as desk:
        desk.ledger.calendar_days.store(CalendarDay(MONDAY, None), desk.clock.now())
    with house.desk() as desk:
        assert desk.calendar.hours(MONDAY) is None
