"""The rows of one file with their types: symbols, days and numbers. What cannot be read is left out and counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tradebot.market.imports import dates, numbers, symbols
from tradebot.market.imports.column_names import PRICES
from tradebot.market.imports.layout import PriceRows
from tradebot.market.imports.raw_table import refusal
from tradebot.market.imports.tally import Tally

FIELDS = (*PRICES, "volume")
_DAILY_PERIODS = {"d", "1d", "daily", "day"}


@dataclass(frozen=True, slots=True)
class Readings:
    """What the user says of a file that does not say it itself."""

    symbol: str | None = None
    order: dates.DateOrder | None = None
    mark: numbers.DecimalMark | None = None


def typed_rows(rows: PriceRows, readings: Readings, tally: Tally) -> pd.DataFrame:
    """symbol, date (midnights), open, high, low, close, volume; where the file has them adj_close, dividend, split.

    The index are the lines of the file. Raises ConfigError where the file can be read in two ways or in none.
    """
    frame = _without_empty(rows, tally)
    _refuse_periods(rows.file, frame)
    typed = pd.DataFrame(index=frame.index)
    typed["symbol"] = _tickers(rows, frame, readings.symbol, tally)
    try:
        typed["date"] = dates.session_days(frame["date"], readings.order)
        told = [name for name in (*FIELDS, "adj_close", "dividend", "split") if name in frame]
        read = numbers.numbers({name: frame[name] for name in told}, rows.delimiter, readings.mark)
    except (dates.AmbiguousDates, numbers.AmbiguousNumbers) as error:
        raise refusal(rows.file, error.what, error.fix) from None
    typed = typed.assign(**read)
    readable = _readable(rows.file, frame, typed, tally)
    if not readable.any():
        problems = "; ".join(f"{entry.what} ({entry.where})" for entry in tally.left_out if entry.file == rows.file)
        raise refusal(rows.file, f"no row can be read: {problems}", "Look at the file, and export it again.")
    return typed[readable]


def _without_empty(rows: PriceRows, tally: Tally) -> pd.DataFrame:
    empty = pd.concat([numbers.is_nothing(rows.frame[name]) for name in PRICES], axis=1).all(axis=1)
    tally.changed(rows.file, "rows without any price: dropped", rows.frame.index[empty])
    if empty.all():
        raise refusal(rows.file, "no row has a price", "Choose another file.")
    return rows.frame[~empty]


def _refuse_periods(file: str, frame: pd.DataFrame) -> None:
    if "period" in frame:
        found = [str(each) for each in frame["period"].unique() if str(each).casefold() not in _DAILY_PERIODS]
        if found:
            raise refusal(file, f"its bars are not daily: the period is {found[0]}", "Export daily bars.")


def _tickers(rows: PriceRows, frame: pd.DataFrame, given: str | None, tally: Tally) -> pd.Series[Any]:
    if "symbol" not in frame:
        of_file = symbols.ticker_of_file(rows.file)
        if given is None and of_file is None:
            raise refusal(rows.file, "it names no symbol, and neither does the file's name", "Say it with --symbol.")
        if given is None:
            tally.changed_whole(rows.file, f"symbol {of_file}, from the file's name", len(frame))
        return pd.Series(given or of_file, index=frame.index, dtype=object)
    written = frame["symbol"].astype(object)
    by_text = {text: symbols.ticker(str(text)) for text in written.unique()}
    if given is not None and set(by_text.values()) - {given}:
        names = ", ".join(sorted(str(text) for text, name in by_text.items() if name != given)[:5])
        raise refusal(rows.file, f"it names its symbols itself, and not {given}: {names}", "Leave --symbol out.")
    names_of_rows = written.map(by_text)
    changed = written[names_of_rows.notna() & (names_of_rows != written)]
    for text, alike in changed.groupby(changed, sort=False):
        tally.changed(rows.file, f"symbol {text} written as {by_text[text]}", alike.index)
    return names_of_rows


def _readable(file: str, frame: pd.DataFrame, typed: pd.DataFrame, tally: Tally) -> pd.Series[bool]:
    """Which rows can be read. The others are counted with the first cell that cannot."""
    good = pd.Series(True, index=typed.index)

    def leave_out(bad: pd.Series[bool], what: str, column: str) -> None:
        nonlocal good
        new = bad & good
        if new.any():
            first = str(frame[column].to_numpy(dtype=object)[np.flatnonzero(new.to_numpy())[0]]) or "empty"
            tally.leave_out(file, f"{what} ({first})", typed.index[new])
            good = good & ~bad

    if "symbol" in frame:
        leave_out(typed["symbol"].isna(), "the symbol is no ticker", "symbol")
    leave_out(typed["date"].isna(), "the date is no date", "date")
    for name in FIELDS:
        leave_out(typed[name].isna(), f"the {name} is no number", name)
    return good


def joined(tables: list[tuple[str, pd.DataFrame]], tally: Tally) -> pd.DataFrame:
    """All files as one table with the columns file and line, sorted by symbol and date, each day once.

    A row that stands twice alike is dropped and counted. Raises ConfigError if two rows of a day differ.
    """
    together = pd.concat([table.assign(file=file, line=table.index) for file, table in tables], ignore_index=True)
    together["symbol"] = together["symbol"].astype("str")
    key = ["symbol", "date"]
    for file, table in tables:
        ordered = not (table.groupby("symbol", sort=False)["date"].diff() < pd.Timedelta(0)).any()
        if not ordered:
            tally.changed_whole(file, "rows sorted by symbol and date", len(table))
    repeated = together.duplicated([*key, *FIELDS])
    for name, rows in together[repeated].groupby("file", sort=False):
        tally.changed(str(name), "a second row of the same symbol and day, alike: dropped", rows["line"])
    once = together[~repeated]
    _refuse_contradictions(once, once.duplicated(key, keep=False))
    return once.sort_values(key, kind="stable", ignore_index=True)


def _refuse_contradictions(rows: pd.DataFrame, several: pd.Series[bool]) -> None:
    if not several.any():
        return
    found = rows[several].sort_values(["symbol", "date"], kind="stable")
    first, second = found.iloc[0], found.iloc[1]
    where = f"{first['file']}, line {first['line']} and {second['file']}, line {second['line']}"
    days = found[["symbol", "date"]].drop_duplicates()
    share = len(days) / rows[["symbol", "date"]].drop_duplicates().shape[0]
    if share > 0.5 and first["file"] == second["file"]:
        what = "several rows of one day: these are bars of minutes or hours"
        raise refusal(where, f"{what} ({first['symbol']} {first['date']:%Y-%m-%d})", "Export daily bars.")
    closes = f"close {first['close']:g} and {second['close']:g}"
    what = f"two rows of {first['symbol']} on {first['date']:%Y-%m-%d} differ ({closes})"
    more = f", and so on {len(days) - 1} other days" if len(days) > 1 else ""
    raise refusal(where, what + more, "Delete the one that is wrong.")
