"""What a period means, seen from the newest session."""

from __future__ import annotations

from datetime import date

import pytest

from tradebot.core.results.report_periods import AskedPeriod, Period, Span

NEWEST, BEFORE = date(2008, 5, 14), date(2008, 5, 13)  # a Wednesday


@pytest.mark.parametrize(
    ("period", "first", "previous"),
    [
        (Period.DAY, NEWEST, (BEFORE, BEFORE)),
        (Period.WEEK, date(2008, 5, 12), (date(2008, 5, 5), date(2008, 5, 11))),
        (Period.MONTH, date(2008, 5, 1), (date(2008, 4, 1), date(2008, 4, 30))),
        (Period.QUARTER, date(2008, 4, 1), (date(2008, 1, 1), date(2008, 3, 31))),
        (Period.YEAR, date(2008, 1, 1), (date(2007, 1, 1), date(2007, 12, 31))),
        (Period.YTD, date(2008, 1, 1), (date(2007, 1, 1), date(2007, 5, 14))),
    ],
)
def test_a_period_holds_the_newest_session_or_ends_before_it(
    period: Period, first: date, previous: tuple[date, date]
) -> None:
    assert AskedPeriod(period).span(NEWEST, BEFORE) == Span(period, first, NEWEST)
    assert AskedPeriod(period, previous=True).span(NEWEST, BEFORE) == Span(period, *previous)
    assert not AskedPeriod(period).may_be_over
    assert AskedPeriod(period, previous=True).may_be_over


def test_everything_begins_where_the_account_did() -> None:
    assert AskedPeriod(Period.ALL).span(NEWEST, BEFORE) == Span(Period.ALL, None, NEWEST)


def test_two_days_end_with_the_newest_session_at_most() -> None:
    ends_later = AskedPeriod(Period.SPAN, first=date(2008, 1, 1), last=date(2009, 1, 1))
    assert ends_later.span(NEWEST, BEFORE) == Span(Period.SPAN, date(2008, 1, 1), NEWEST)
    assert AskedPeriod(Period.SPAN, last=BEFORE).span(NEWEST, BEFORE) == Span(Period.SPAN, None, BEFORE)


def test_the_year_before_a_leap_day_ends_with_february() -> None:
    leap = date(2008, 2, 29)
    assert AskedPeriod(Period.YTD, previous=True).span(leap, leap).last == date(2007, 2, 28)
