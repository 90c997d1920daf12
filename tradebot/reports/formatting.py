"""Amounts, figures and times as texts of a page. Times are in New York, the time zone of the exchange."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from tradebot.core.model.exchange_time import NEW_YORK, new_york_text
from tradebot.core.model.values import CENT, canonical, price_text
from tradebot.reports.layout import Cell, Tone

#: The text of a missing value.
NOTHING = "-"


def usd(amount: Decimal | None) -> str:
    """An amount in USD, rounded half to even to the cent: ``-1,234.50``."""
    return NOTHING if amount is None else f"{amount.quantize(CENT, rounding=ROUND_HALF_EVEN):,}"


def signed_usd(amount: Decimal | None) -> Cell:
    """A gain or loss in USD, signed and coloured: ``+12.00``. Zero has neither sign nor colour."""
    if amount is None or amount == 0:
        return Cell(usd(amount))
    return Cell(f"{amount.quantize(CENT, rounding=ROUND_HALF_EVEN):+,}", Tone.GOOD if amount > 0 else Tone.BAD)


def price(value: Decimal | None) -> str:
    """USD per share with two to four decimals: ``25.10``, ``0.4825``."""
    return NOTHING if value is None else price_text(value)


def shares(quantity: Decimal) -> str:
    """A quantity of shares in full precision: ``10``, ``-0.5``."""
    return canonical(quantity)


def number(value: Decimal | None) -> str:
    """A figure of any unit with at most six decimals."""
    return NOTHING if value is None else canonical(round(value, 6))


def percent_text(fraction: Decimal | float | None, places: int = 1) -> str:
    """A fraction as a percentage: 0.125 is ``12.5%``."""
    return NOTHING if fraction is None else f"{fraction * 100:.{places}f}%"


def ratio(value: Decimal | float | None) -> str:
    """A number without a unit, with two decimals: ``1.25``."""
    return NOTHING if value is None else f"{value:.2f}"


def day(value: date | None) -> str:
    """A date in ISO 8601: ``2007-01-03``."""
    return NOTHING if value is None else value.isoformat()


def instant(at: datetime | None) -> str:
    """An aware datetime in New York time: ``2007-01-03 09:35 EST``."""
    return NOTHING if at is None else new_york_text(at)


def minute(at: datetime | None) -> str:
    """An aware datetime in New York time without the zone, for a column whose title says it: ``2007-01-03 09:35``."""
    return NOTHING if at is None else f"{at.astimezone(NEW_YORK):%Y-%m-%d %H:%M}"
