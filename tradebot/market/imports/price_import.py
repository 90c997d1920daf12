"""Price files of any maker made into bars in the canonical form, with all that was changed on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tradebot.errors import ConfigError, Problem
from tradebot.market import bar_validation
from tradebot.market.answers import Question
from tradebot.market.bar_validation import ACTION_COLUMNS, BAR_COLUMNS
from tradebot.market.imports.adjustment import Closes, rounded, unadjusted
from tradebot.market.imports.layout import price_rows
from tradebot.market.imports.makers import Adjusted, Maker
from tradebot.market.imports.tally import Tally
from tradebot.market.imports.told_actions import told_actions
from tradebot.market.imports.typed_rows import FIELDS, Readings, joined, typed_rows
from tradebot.market.questions import questions
from tradebot.market.tables import PriceTable, read_table

_CLOSED = "the New York Stock Exchange was closed on this day"


@dataclass(frozen=True, slots=True)
class Imported:
    """Bars in the canonical form, sorted by symbol and date.

    told: the corporate actions that the files themselves tell of; empty where the user gave a file of actions.
    asked: what no corporate action explains, each with the file and line of its row.
    """

    bars: pd.DataFrame
    told: pd.DataFrame
    makers: dict[str, Maker]
    asked: list[tuple[str, Question]]
    tally: Tally


def import_prices(
    files: Sequence[Path], actions: Path | None, readings: Readings, closes: Closes | None = None
) -> Imported:
    """Read the files. Raises ConfigError with every problem of those that cannot be read."""
    tally = Tally()
    given = _actions(actions) if actions is not None else None
    read, makers = _read(files, readings, tally)
    bars = joined(read, tally)
    adjusted = {file: maker.adjusted for file, maker in makers.items()}
    told = told_actions(bars, adjusted, tally)
    if given is not None and len(told):
        tally.note("the splits and dividends that the files tell of are not used: --actions names others")
    known = _table(told, "what the files tell of splits and dividends") if given is None else given
    _raise(bar_validation.check_actions(known))
    bars = unadjusted(bars, known.frame, adjusted, closes, tally)
    bars = _sound(rounded(bars, BAR_COLUMNS.decimals, tally), tally)
    asked = questions(bars, known.frame)
    _raise(bar_validation.check_bars_against_actions(_bar_table(bars), known, [question for _, question in asked]))
    _say_what_is_adjusted(makers, known.frame, tally)
    lines = [(_line_of(bars, row), question) for row, question in asked]
    return Imported(_canonical(bars), told if given is None else told.iloc[:0], makers, lines, tally)


def _actions(path: Path) -> PriceTable:
    table = read_table(path, ACTION_COLUMNS)
    _raise(bar_validation.check_actions(table))
    return table


def _raise(problems: list[Problem]) -> None:
    if problems:
        raise ConfigError(problems)


def _read(
    files: Sequence[Path], readings: Readings, tally: Tally
) -> tuple[list[tuple[str, pd.DataFrame]], dict[str, Maker]]:
    read: list[tuple[str, pd.DataFrame]] = []
    makers: dict[str, Maker] = {}
    problems: list[Problem] = []
    for path in files:
        try:
            rows = price_rows(path, tally)
            read.append((rows.file, typed_rows(rows, readings, tally)))
            makers[rows.file] = rows.maker
        except ConfigError as error:
            problems += error.problems
    _raise(problems)
    return read, makers


def _sound(bars: pd.DataFrame, tally: Tally) -> pd.DataFrame:
    """The bars without those that cannot be right. On a closed day, a row without volume is only filled in."""
    good = np.ones(len(bars), dtype=np.bool_)
    for fault in bar_validation.bar_faults(_bar_table(bars)):
        new = fault.rows[good[fault.rows]]
        good[new] = False
        empty = (bars["volume"].iloc[new] == 0) & (fault.what == _CLOSED)
        for file, rows in bars.iloc[new].groupby("file", sort=False):
            filler = empty[rows.index]
            tally.changed(str(file), f"{_CLOSED}, volume 0: dropped", rows["line"][filler])
            tally.leave_out(str(file), fault.what, rows["line"][~filler])
    if not good.any():
        what = "; ".join(f"{entry.what} ({entry.where})" for entry in tally.left_out)
        raise ConfigError([Problem(str(bars["file"].iloc[0]), f"no bar is sound: {what}", "Look at the file.")])
    return bars[good].reset_index(drop=True)


def _say_what_is_adjusted(makers: dict[str, Maker], actions: pd.DataFrame, tally: Tally) -> None:
    for maker in dict.fromkeys(makers.values()):
        if not maker.says:
            continue
        splits = "" if len(actions) else "; without --actions they stay so"
        tally.note(f"adjusted prices: {maker.says}{splits}")
        if maker.adjusted is Adjusted.SPLITS_AND_DIVIDENDS:
            tally.note("keep dividends out of PAPER_ACTIONS for these prices: they would be paid twice")


def _line_of(bars: pd.DataFrame, row: int) -> str:
    return f"{bars['file'].iloc[row]}, line {bars['line'].iloc[row]}"


def _canonical(bars: pd.DataFrame) -> pd.DataFrame:
    return bars[["symbol", "date", *FIELDS]].astype({"symbol": "str", "volume": "int64"})


def _bar_table(bars: pd.DataFrame) -> PriceTable:
    return _table(bars[["symbol", "date", *FIELDS]], "the prices read")


def _table(frame: pd.DataFrame, file: str) -> PriceTable:
    return PriceTable(file=file, frame=frame, raw=frame, first_row=1)
