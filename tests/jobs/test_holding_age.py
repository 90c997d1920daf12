"""Sessions held are counted by the calendar: weekends and holidays are none, and the day of the entry is the zeroth."""

from __future__ import annotations

from datetime import date

import pytest

from tests.core.builders import holding
from tradebot.jobs.holding_age import with_age
from tradebot.market.calendar import NyseCalendar

FRIDAY = date(2007, 1, 12)  # before Martin Luther King's day


@pytest.mark.parametrize(("today", "held"), [(FRIDAY, 0), (date(2007, 1, 16), 1), (date(2007, 1, 19), 4)])
def test_sessions_held_are_counted(today: date, held: int) -> None:
    (aged,) = with_age([holding(opened_session=FRIDAY, sessions_held=77)], NyseCalendar(), today)
    assert aged.sessions_held == held
