"""Renew the table of the exchange's past closures from the package `holidays`, up to the last whole year.

Run from anywhere when a year has ended: `python scripts/update_calendar.py 2026`.
"""

from __future__ import annotations

import sys

from tradebot.market.calendar import CLOSURES_FILE, closures_in

FIRST_YEAR = 2000


def table(last_year: int) -> str:
    """The closures of every year from FIRST_YEAR to ``last_year``, a row each."""
    rows = (f"{day},{what}" for year in range(FIRST_YEAR, last_year + 1) for day, what in closures_in(year).items())
    return "\n".join(("date,what", *rows, ""))


if __name__ == "__main__":
    CLOSURES_FILE.write_text(table(int(sys.argv[1])), encoding="ascii")
