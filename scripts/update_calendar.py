"""Write the table of the exchange's past closures: from exchange_calendars before 2000, then from `holidays`.

Run it at the end of a year: `python scripts/update_calendar.py LAST_YEAR`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date

import exchange_calendars
import pandas as pd

from tradebot.market.calendar import CLOSED, CLOSURES_FILE, closures_in

FIRST_YEAR = 1952
FIRST_OF_HOLIDAYS = 2000  # the first year that `holidays` knows as the exchange does


def table(last_year: int) -> str:
    """The closures of the years from FIRST_YEAR to ``last_year`` as CSV."""
    recent = (item for year in range(FIRST_OF_HOLIDAYS, last_year + 1) for item in closures_in(year).items())
    rows = (f"{day},{what}" for day, what in (*_early_closures(), *recent))
    return "\n".join(("date,what", *rows, ""))


def _early_closures() -> Iterator[tuple[date, str]]:
    """The weekdays before FIRST_OF_HOLIDAYS on which the exchange was closed, or the time of an early close.

    exchange_calendars takes the regular holidays before 1970 for sessions, though its rules have them.
    """
    first, last = f"{FIRST_YEAR}-01-01", f"{FIRST_OF_HOLIDAYS - 1}-12-31"
    judge = exchange_calendars.get_calendar("XNYS", start=first, end=last)
    holidays = {day.date() for day in judge.regular_holidays.holidays(first, last)}
    closes = {day.date(): close.tz_convert("America/New_York") for day, close in judge.schedule["close"].items()}
    for day in pd.bdate_range(first, last).date:
        what = CLOSED if day in holidays or day not in closes else f"{closes[day]:%H:%M}"
        if what != "16:00":
            yield day, what


if __name__ == "__main__":
    CLOSURES_FILE.write_text(table(int(sys.argv[1])), encoding="ascii")
