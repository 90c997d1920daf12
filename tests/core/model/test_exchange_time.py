from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from tradebot.core.model.exchange_time import new_york_date, new_york_instant, new_york_text


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2024, 3, 8, 4, 59, tzinfo=UTC), date(2024, 3, 7)),
        (datetime(2024, 3, 8, 5, 0, tzinfo=UTC), date(2024, 3, 8)),
        (datetime(2024, 7, 8, 3, 59, tzinfo=UTC), date(2024, 7, 7)),
    ],
)
def test_the_new_york_date_of_an_instant(instant: datetime, day: date) -> None:
    assert new_york_date(instant) == day


@pytest.mark.parametrize(("day", "hour"), [(date(2024, 3, 8), 14), (date(2024, 3, 11), 13)])
def test_a_wall_time_in_new_york_is_an_instant_in_utc(day: date, hour: int) -> None:
    instant = new_york_instant(day, time(9, 30))
    assert (instant, instant.tzinfo) == (datetime(day.year, day.month, day.day, hour, 30, tzinfo=UTC), UTC)


def test_people_read_the_time_in_new_york() -> None:
    assert new_york_text(datetime(2007, 1, 3, 14, 35, tzinfo=UTC)) == "2007-01-03 09:35 EST"
