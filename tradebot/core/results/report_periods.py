"""The period of a report: what was asked for, and the sessions that it means. Weeks begin on Monday."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from tradebot.core.results.listings import check_span
from tradebot.errors import UsageError

_DAY = timedelta(days=1)


class Period(StrEnum):
    """The period of a report."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    YTD = "ytd"  # from 1 January to the newest session
    ALL = "all"
    SPAN = "span"  # from one day to another

    @property
    def text(self) -> str:
        """The word for people."""
        return "year-to-date" if self is Period.YTD else self.value


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a report, both included."""

    period: Period
    first: date | None  # None: since the beginning
    last: date

    @property
    def text(self) -> str:
        """The period before the word "report": "week ", or "" where its two days say it."""
        return "" if self.period in (Period.SPAN, Period.ALL) else f"{self.period.text} "


@dataclass(frozen=True, slots=True)
class AskedPeriod:
    """What a report was asked for: a period that holds the newest session, or the one before; or two days."""

    period: Period = Period.DAY
    previous: bool = False  # the whole period before; it has none for ALL and SPAN
    first: date | None = None  # of SPAN; None: since the beginning
    last: date | None = None  # of SPAN; None: until the newest session

    @property
    def may_be_over(self) -> bool:
        """Whether the period may end before the newest session."""
        return self.previous or self.last is not None

    def span(self, newest: date, before: date) -> Span:
        """The days that it means. ``newest``: the newest session; ``before``: the session before that one."""
        if self.period is Period.SPAN:
            return Span(self.period, self.first, min(self.last or newest, newest))
        if not self.previous:
            return Span(self.period, _begin(self.period, newest), newest)
        if self.period is Period.DAY:
            return Span(self.period, before, before)
        if self.period is Period.YTD:
            return Span(self.period, date(newest.year - 1, 1, 1), _year_before(newest))
        end = (_begin(self.period, newest) or newest) - _DAY
        return Span(self.period, _begin(self.period, end), end)


def read_period(
    period: str | None, first: date | None, last: date | None, *, previous: bool = False, prefix: str = ""
) -> AskedPeriod:
    """The period that is asked for. Raises UsageError for what does not go together.

    prefix: stands before the names in the message: "--" for options.
    """
    if first or last:
        if period or previous:
            name = "period" if period else "previous"
            raise UsageError(f"{prefix}{name} does not go with {prefix}from and {prefix}to.")
        check_span(first, last, prefix)
        return AskedPeriod(Period.SPAN, first=first, last=last)
    if previous and period == Period.ALL:
        what = f"{prefix}previous goes with a day, week, month, quarter, year or ytd"
        raise UsageError(f"{what}: nothing is before all.")
    return AskedPeriod(Period(period or Period.DAY), previous)


def _begin(period: Period, day: date) -> date | None:
    """The first day of the period that holds ``day``; None for all."""
    match period:
        case Period.WEEK:
            return day - timedelta(days=day.weekday())
        case Period.MONTH:
            return day.replace(day=1)
        case Period.QUARTER:
            return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        case Period.YEAR | Period.YTD:
            return date(day.year, 1, 1)
        case Period.DAY:
            return day
        case _:
            return None


def _year_before(day: date) -> date:
    """The same day of the year before; 28 February for 29 February."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
