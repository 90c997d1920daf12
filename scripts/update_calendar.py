"""Write the table of the exchange's past closures from the package `holidays`.

Run it at the end of a year: `python scripts/update_calendar.py LAST_YEAR`.
"""

from __future__ import annotations

import sys

from tradebot.market.calendar import CLOSURES_FILE, closures_in

FIRST_YEAR = 2000


def table(last_year: int) -> str:
    """The closures of the years from FIRST_YEAR to ``last_year`` as CSV."""
    rows = (f"{day},{what}" for year in range(FIRST_YEAR, last_year + 1) for day, what in closures_in(year).items())
    return "\n".join(("date,what", *rows, ""))


if __name__ == "__main__":
    CLOSURES_FILE.write_text(table(int(sys.argv[1])), encoding="ascii")
