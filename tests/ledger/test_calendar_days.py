"""The days on which the broker's calendar differs from the installed one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.ledger.conftest import HOME
from tradebot.core.model.account import CalendarDay
from tradebot.errors import LedgerError
from tradebot.ledger.database import AccountLedger, Database
from tradebot.market.calendar import NyseCalendar

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples

TUESDAY, WEDNESDAY = date(2007, 1, 9), date(2007, 1, 10)
CLOSED = CalendarDay(TUESDAY, None)


def usual(day: date) -> CalendarDay:
    return CalendarDay(day, NyseCalendar().hours(day))


def test_a_day_is_stored_until_another_answer_takes_its_place(ledger: AccountLedger, some: Samples) -> None:
    assert ledger.calendar_days.all() == ()
    assert ledger.calendar_days.store(usual(WEDNESDAY), some.at)
    assert ledger.calendar_days.store(CLOSED, some.at)
    assert ledger.calendar_days.all() == (CLOSED, usual(WEDNESDAY))
    assert ledger.calendar_days.store(usual(TUESDAY), some.later(5))
    assert ledger.calendar_days.all() == (usual(TUESDAY), usual(WEDNESDAY))


def test_the_same_answer_is_stored_once(ledger: AccountLedger, some: Samples) -> None:
    assert ledger.calendar_days.store(CLOSED, some.at)
    assert not ledger.calendar_days.store(CLOSED, some.later(5))


def test_a_half_day_stays_one(ledger: AccountLedger, some: Samples) -> None:
    hours = usual(TUESDAY).hours
    assert hours is not None
    early = CalendarDay(TUESDAY, replace(hours, closes=hours.closes - timedelta(hours=3), half_day=True))
    ledger.calendar_days.store(early, some.at)
    assert ledger.calendar_days.all() == (early,)


def test_each_account_has_days_of_its_own(ledger: AccountLedger, database: Database, some: Samples) -> None:
    database.pinned_accounts.pin(HOME, some.pin(some.other_account))
    ledger.calendar_days.store(CLOSED, some.at)
    assert database.bind(some.other_account).calendar_days.all() == ()


def test_the_view_shows_what_is_stored(ledger: AccountLedger, database: Database, some: Samples) -> None:
    ledger.calendar_days.store(CLOSED, some.at)
    rows = list(database.engine.tuples("SELECT day, opens, closes, account FROM v_calendar_days"))
    assert rows == [("2007-01-09", None, None, some.account)]


def test_a_day_of_no_account_is_refused(database: Database, some: Samples) -> None:
    with pytest.raises(LedgerError):
        database.bind("alpaca:paper:NOBODY").calendar_days.store(CLOSED, some.at)
