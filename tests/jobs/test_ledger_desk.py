"""The session that a moment belongs to, by the calendar of a ledger that is read without its broker."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from tests.jobs.conftest import MakeHouse
from tests.jobs.two_sessions import FRIDAY, MONDAY
from tradebot.core.model.exchange_time import new_york_instant


@pytest.mark.parametrize(
    ("moment", "session"),
    [
        (new_york_instant(MONDAY, time(9, 30)), MONDAY),
        (new_york_instant(MONDAY, time(9, 29)), FRIDAY),
        (new_york_instant(MONDAY, time(23, 59)), MONDAY),
        (new_york_instant(date(2007, 1, 7), time(12)), FRIDAY),
    ],
    ids=["at the open", "before it", "late in the evening", "on a Sunday"],
)
def test_a_moment_belongs_to_the_newest_session_that_has_begun(
    make_house: MakeHouse, moment: datetime, session: date
) -> None:
    with make_house().ledger_alone() as desk:
        assert desk.session_at(moment).session == session
