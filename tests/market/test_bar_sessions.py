from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.fakes.data_host import CALENDAR, at
from tradebot.market.bar_sessions import back_from, has_settled, last_complete, last_settled

MONDAY, TUESDAY = date(2024, 7, 1), date(2024, 7, 2)


@pytest.mark.parametrize(("time", "last"), [("09:35", MONDAY), ("16:04", MONDAY), ("16:05", TUESDAY)])
def test_a_session_is_complete_five_minutes_after_its_close(time: str, last: date) -> None:
    clock = at(TUESDAY, time)

    assert last_complete(CALENDAR, clock) == last
    assert clock.today is not None and has_settled(clock.today.closes, clock.now) == (last == TUESDAY)


def test_a_bar_may_change_until_the_end_of_its_day() -> None:
    evening = at(TUESDAY, "23:59").now

    assert last_settled(CALENDAR, evening) == MONDAY
    assert last_settled(CALENDAR, evening + timedelta(minutes=2)) == TUESDAY


def test_sessions_are_counted_back_over_weekends_and_holidays() -> None:
    assert back_from(CALENDAR, TUESDAY, 1) == TUESDAY
    assert back_from(CALENDAR, date(2024, 7, 8), 3) == date(2024, 7, 3)
