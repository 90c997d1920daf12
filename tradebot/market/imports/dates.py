"""Days of sessions, from dates and instants as people and programs write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from tradebot.core.model.exchange_time import NEW_YORK

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ](.+))?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?:[T ](.+))?")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})")
_DAY_FIRST = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3,9})\.?[-, ]+(\d{4}|\d{2})")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)? ?([AaPp][Mm])?( ?Z| ?UTC| ?[-+]\d{2}:?\d{2})?")
_DIGITS = re.compile(r"(\d{8}|\d{10}|\d{13}|\d{16}|\d{19})(?:\.0+)?")
#: Instants since 1970-01-01 UTC are told by their number of digits: seconds have ten since 2001.
_PER_SECOND = {10: 1, 13: 10**3, 16: 10**6, 19: 10**9}
_OPENS, _CLOSES = time(9, 30), time(16, 0)  # New York time


class DateOrder(StrEnum):
    """The order of dates such as 03/04/2024."""

    DMY = "dmy"
    MDY = "mdy"


class AmbiguousDates(Exception):
    """A date that can be read in two ways. ``what`` names both, ``fix`` how to say which."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what)
        self.what, self.fix = what, fix


@dataclass(frozen=True, slots=True)
class _Slashed:
    """A date whose day and month are not told apart, and the time of the day after it."""

    first: int
    second: int
    year: int
    rest: time | None


_Read = date | datetime | _Slashed | None


def session_days(cells: pd.Series[Any], order: DateOrder | None) -> pd.Series[Any]:
    """Timezone-naive midnights of the sessions' days; NaT for a cell that is no date.

    An instant at midnight, in New York, UTC or the zone that it names, is of that day; one within the exchange's hours
    is of its day in New York. Raises AmbiguousDates.
    """
    by_text: dict[Any, _Read] = {cell: _read(cell) for cell in pd.unique(cells.to_numpy(dtype=object))}
    slashed = [found for found in by_text.values() if isinstance(found, _Slashed)]
    if slashed:
        order = order or _order_of(slashed)
        by_text = {cell: _resolved(found, order) for cell, found in by_text.items()}
    days = {cell: _day_of(found) for cell, found in by_text.items()}
    odd = [found for cell, found in by_text.items() if isinstance(found, datetime) and days[cell] is None]
    if len(odd) * 2 > len(days):
        raise _ambiguous(odd[0])
    values = np.array([days[cell] for cell in cells.to_numpy(dtype=object)], dtype="datetime64[D]")
    return pd.Series(values.astype("datetime64[us]"), index=cells.index)


def _read(cell: Any) -> _Read:
    """A day, or an instant with its time zone or without one."""
    if isinstance(cell, pd.Timestamp):
        return None if cell is pd.NaT else cell.to_pydatetime(warn=False)
    if isinstance(cell, date):
        return cell
    text = str(cell).strip()
    try:
        return _of_text(text)
    except (ValueError, OverflowError):
        return None


def _of_text(text: str) -> _Read:
    if found := _YEAR_FIRST.fullmatch(text):
        return _with_time(date(int(found[1]), int(found[3]), int(found[4])), found[5])
    if found := _DIGITS.fullmatch(text):
        return _of_digits(found[1])
    if found := _YEAR_LAST.fullmatch(text):
        first, second, year = int(found[1]), int(found[3]), _year(found[4])
        if found[2] == ".":  # with dots the day comes first everywhere
            return _with_time(date(year, second, first), found[5])
        rest = _with_time(date(year, 1, 1), found[5])
        return _Slashed(first, second, year, rest.timetz() if isinstance(rest, datetime) else None)
    if found := _MONTH_FIRST.fullmatch(text):
        return date(int(found[3]), _month(found[1]), int(found[2]))
    if found := _DAY_FIRST.fullmatch(text):
        return date(_year(found[3]), _month(found[2]), int(found[1]))
    return None


def _of_digits(digits: str) -> _Read:
    if len(digits) == 8:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(digits) // _PER_SECOND[len(digits)])


def _with_time(day: date, rest: str | None) -> date | datetime:
    if not rest:
        return day
    found = _TIME.fullmatch(rest.strip())
    if not found:
        raise ValueError(rest)
    hour = int(found[1]) % 12 + 12 * (found[4].casefold() == "pm") if found[4] else int(found[1])
    moment = datetime(day.year, day.month, day.day, hour, int(found[2]), int(found[3] or 0))  # noqa: DTZ001
    zone = (found[5] or "").strip()
    if not zone:
        return moment
    if zone in ("Z", "UTC"):
        return moment.replace(tzinfo=UTC)
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return moment.replace(tzinfo=timezone(-offset if zone[0] == "-" else offset))


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) == 4:
        return year
    return 2000 + year if year < 70 else 1900 + year  # as spreadsheets read two digits


def _month(name: str) -> int:
    return _MONTHS.index(name[:3].casefold()) + 1


def _order_of(slashed: Iterable[_Slashed]) -> DateOrder:
    """The only order in which every date exists. Raises AmbiguousDates if both do, or neither."""
    dates = list(slashed)
    day_first = all(each.second <= 12 for each in dates)
    month_first = all(each.first <= 12 for each in dates)
    if day_first != month_first:
        return DateOrder.DMY if day_first else DateOrder.MDY
    one = dates[0]
    written = f"{one.first:02}/{one.second:02}/{one.year}"
    if not day_first:
        raise AmbiguousDates("some dates have the day first and others the month", "Write all of them as 2024-01-31.")
    readings = f"{date(one.year, one.second, one.first):%d %B %Y} or {date(one.year, one.first, one.second):%d %B %Y}"
    raise AmbiguousDates(
        f"{written} can be {readings}, and no date in the file decides it",
        "Say which with --dates dmy or --dates mdy.",
    )


def _resolved(found: _Read, order: DateOrder | None) -> _Read:
    if not isinstance(found, _Slashed):
        return found
    day, month = (found.first, found.second) if order is DateOrder.DMY else (found.second, found.first)
    try:
        read = date(found.year, month, day)
    except ValueError:
        return None
    return read if found.rest is None else datetime.combine(read, found.rest)


def _day_of(found: _Read) -> date | None:
    if found is None or isinstance(found, _Slashed):
        return None
    if not isinstance(found, datetime):
        return found
    if found.tzinfo is None:
        return found.date() if found.time() <= _CLOSES else None
    here, utc = found.astimezone(NEW_YORK), found.astimezone(UTC)
    for instant in (here, utc, found):
        if instant.time() == time():
            return instant.date()
    return here.date() if _OPENS <= here.time() <= _CLOSES else None


def _ambiguous(found: datetime) -> AmbiguousDates:
    if found.tzinfo is None:
        what = f"{found:%Y-%m-%d %H:%M} names no time zone: it can be of that day, or midnight of the next elsewhere"
        return AmbiguousDates(what, "Export the dates without times, or with their time zone.")
    here = found.astimezone(NEW_YORK)
    readings = "it can be of that day, or midnight of the next elsewhere"
    what = f"{found.isoformat()} is {here:%Y-%m-%d %H:%M} in New York: {readings}"
    return AmbiguousDates(what, "Export the dates without times.")
