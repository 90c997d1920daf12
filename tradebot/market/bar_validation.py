"""Validation of bars and corporate actions. Each kind of problem is reported once, with all its rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from tradebot.core.model.account import ActionKind
from tradebot.core.model.order_ids import SYMBOL
from tradebot.core.model.values import MAX_PRICE
from tradebot.errors import Problem
from tradebot.market.answers import Question, QuestionKind
from tradebot.market.calendar import NyseCalendar
from tradebot.market.questions import MAX_PRICE_RATIO, questions, ratio_to_previous, split_since_previous
from tradebot.market.tables import IMPORT_READS_IT, PriceTable, TableColumns

BAR_COLUMNS = TableColumns(text=("symbol",), day="date", numbers=("open", "high", "low", "close", "volume"), decimals=4)
ACTION_COLUMNS = TableColumns(text=("symbol", "kind"), day="ex_date", numbers=("value",), decimals=8)
PRICES = ("open", "high", "low", "close")

MAX_SPLIT_RATIO = 1000
_ROWS_SHOWN = 10
#: The kinds of actions that a price file may hold.
_KINDS = [ActionKind.SPLIT, ActionKind.DIVIDEND, ActionKind.CASH_MERGER, ActionKind.DELISTING]

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]

#: Ends the advice on bars that another program writes otherwise.
_IMPORT = f"; {IMPORT_READS_IT}"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with some rows. ``rows`` are positions in the table."""

    rows: npt.NDArray[np.intp]
    what: str


def check_bars(table: PriceTable) -> list[Problem]:
    """The problems of single bars and of the order of the rows."""
    findings = _bar_findings(table)
    _check_order(findings, ["symbol", "date"])
    return findings.problems


def bar_faults(table: PriceTable) -> list[Fault]:
    """What is wrong with single bars."""
    return _bar_findings(table).faults


def _bar_findings(table: PriceTable) -> _Findings:
    findings = _Findings(table, "date")
    _check_symbols_and_days(findings)
    prices = {name: table.frame[name].to_numpy() for name in PRICES}
    for name, price in prices.items():
        missing = f"Fill it in, or delete the row{_IMPORT}"
        findings.add(np.isnan(price), f"{name} is missing or not a number", missing, name)
        findings.add(price <= 0, f"{name} is zero or negative", "Correct it, or delete the row.", name)
        findings.add(price > MAX_PRICE, f"{name} is above {MAX_PRICE:,} USD", "Correct it, or delete the row.", name)
    valid = _valid_prices(table)
    low, high = prices["low"], prices["high"]
    findings.add(valid & (high < low), "high is below low", "Correct the bar, or delete the row.", "high", "low")
    for name in ("open", "close"):
        outside = valid & (high >= low) & ((prices[name] < low) | (prices[name] > high))
        findings.add(
            outside, f"{name} lies outside low to high", "Correct the bar, or delete the row.", name, "low", "high"
        )
    volume = table.frame["volume"].to_numpy()
    whole = np.isfinite(volume) & (volume >= 0) & (np.floor(volume) == volume)
    findings.add(~whole, "volume is not a whole number of shares", f"Round it, or fill it in{_IMPORT}", "volume")
    return findings


def check_actions(table: PriceTable) -> list[Problem]:
    """The problems of single corporate actions and of the order of the rows."""
    findings = _Findings(table, "ex_date")
    _check_symbols_and_days(findings)
    kind, value = table.frame["kind"], table.frame["value"].to_numpy()
    kinds = f"{', '.join(_KINDS[:-1])} or {_KINDS[-1]}"
    findings.add(~kind.isin(_KINDS).to_numpy(), f"kind is not {kinds}", f"Write {kinds}.", "kind")
    delisting = (kind == ActionKind.DELISTING).to_numpy()
    findings.add(
        ~delisting & ~(np.isfinite(value) & (value > 0)),
        "value is not a number above zero",
        "Correct it, or delete the row.",
        "value",
    )
    findings.add(
        delisting & ~(np.isfinite(value) & (value >= 0)) & ~table.raw["value"].isna().to_numpy(),
        "value is not a number, zero or above, or empty",
        "Write the USD paid for one share, or nothing for the last close.",
        "value",
    )
    split = (kind == ActionKind.SPLIT).to_numpy()
    implausible = (value > MAX_SPLIT_RATIO) | (value * MAX_SPLIT_RATIO < 1) | (value == 1)
    findings.add(
        split & (value > 0) & implausible,
        "no split has this ratio",
        "Write new shares for one old share: 2 for a 2-for-1 split, 0.1 for a 1-for-10.",
        "value",
    )
    _check_order(findings, ["symbol", "ex_date", "kind"])
    return findings.problems


def check_bars_against_actions(
    bars: PriceTable, actions: PriceTable, confirmed: Collection[Question] = ()
) -> list[Problem]:
    """The problems of bars and actions in combination. Both must be valid on their own.

    confirmed: what a person has said to be true.
    """
    move = ratio_to_previous(bars.frame["close"], bars.frame["symbol"])
    split = split_since_previous(bars.frame, actions.frame)
    in_bars = _Findings(bars, "date")
    asked = [(row, question) for row, question in questions(bars.frame, actions.frame) if question not in confirmed]
    jumps, ends = (_mask(bars, asked, kind) for kind in QuestionKind)
    command = f"`tradebot data check {bars.file} --confirm-jumps`"
    in_bars.add(
        jumps,
        f"close is more than {MAX_PRICE_RATIO} times the one before it, or less than a tenth, and no split explains it",
        f"Correct the price, or add the split to the corporate actions; if it is true, run {command}.",
        "close",
    )
    in_bars.add(
        ends,
        "the symbol's bars end here while the file goes on, and no corporate action says why",
        "Add a row for the day after to the corporate actions: `cash_merger` with USD a share, or `delisting` with "
        f"what was left of one; if the last close was paid, run {command}.",
        "close",
    )
    in_bars.add(
        (np.abs(move - 1) < 0.1) & (np.abs(np.log(split)) > np.log(1.49)),
        "a split is listed since the row before, but the close hardly moves, as in prices that are adjusted already",
        "Use unadjusted prices (`tradebot data import` makes them), or take the split out of the corporate actions.",
        "close",
    )
    return in_bars.problems + _check_values_against_closes(bars, actions)


def _mask(bars: PriceTable, asked: Iterable[tuple[int, Question]], kind: QuestionKind) -> Mask:
    mask = np.zeros(len(bars.frame), dtype=np.bool_)
    mask[[row for row, question in asked if question.kind is kind]] = True
    return mask


def _check_values_against_closes(bars: PriceTable, actions: PriceTable) -> list[Problem]:
    if actions.frame.empty:
        return []
    kind, value = actions.frame["kind"], actions.frame["value"].to_numpy()
    before = _close_before(bars.frame, actions.frame)
    findings = _Findings(actions, "ex_date")
    findings.add(
        (kind == ActionKind.DIVIDEND).to_numpy() & (value >= before),
        "the dividend is not below the close before it",
        "Write USD a share, or delete the row.",
        "value",
    )
    findings.add(
        (kind == ActionKind.CASH_MERGER).to_numpy()
        & ((value > before * MAX_PRICE_RATIO) | (value * MAX_PRICE_RATIO < before)),
        f"the merger pays more than {MAX_PRICE_RATIO} times the close before it, or less than a tenth",
        "Write USD a share, or delete the row.",
        "value",
    )
    findings.add(
        (kind == ActionKind.DELISTING).to_numpy() & np.isnan(value) & np.isnan(before),
        "the delisting says no value, and no close comes before it",
        "Write the USD paid for one share, or delete the row.",
    )
    return findings.problems


class _Findings:
    """Collects the problems of one table, one for each kind."""

    def __init__(self, table: PriceTable, day: str) -> None:
        self.table = table
        self.day = day
        self.problems: list[Problem] = []
        self.faults: list[Fault] = []
        self.advice = _IMPORT if day == "date" else "."

    def add(self, bad: Mask, what: str, fix: str, *shown: str) -> None:
        """Add one problem for all rows where ``bad`` is true; it quotes the columns ``shown`` of the first row."""
        rows = np.flatnonzero(bad)
        if not len(rows):
            return
        self.faults.append(Fault(rows, what))
        first = self.table.raw.iloc[rows[0]]
        day = first[self.day]
        if not isinstance(day, str):  # a timestamp of Parquet; a text is shown as it stands in the file
            day = str(day).removesuffix(" 00:00:00")
        quoted = ", ".join([f"{first['symbol']} {day}", *(f"{name} {_cell(first[name])}" for name in shown)])
        position = quoted if len(rows) == 1 else f"first: {quoted}"
        where = f"{self.table.file}, {_row_numbers(rows + self.table.first_row)}"
        self.problems.append(Problem(where=where, what=f"{what} ({position})", fix=fix))


def _cell(value: str | float | None) -> str:
    """The text of a cell, as a person would type it."""
    return "empty" if pd.isna(value) else str(value).removesuffix(".0")


def _row_numbers(rows: npt.NDArray[np.intp]) -> str:
    """ "row 5", "rows 5, 9 and 12", or the first ten "and 30 more"."""
    if len(rows) == 1:
        return f"row {rows[0]}"
    shown = [str(row) for row in rows[:_ROWS_SHOWN]]
    more = len(rows) - len(shown)
    last = f"{more} more" if more else shown.pop()
    return f"rows {', '.join(shown)} and {last}"


def _check_symbols_and_days(findings: _Findings) -> None:
    frame = findings.table.frame
    tickers = [symbol for symbol in frame["symbol"].unique() if SYMBOL.fullmatch(str(symbol))]
    findings.add(
        ~frame["symbol"].isin(tickers).to_numpy(),
        "symbol is not a ticker",
        f"Write capital letters, digits and dots, as in BRK.B{findings.advice}",
    )
    days = frame[findings.day]
    findings.add(days.isna().to_numpy(), f"{findings.day} is not a date", f"Write it as 2007-01-31{findings.advice}")
    calendar = NyseCalendar()
    closed = [day for day in days.dropna().unique() if calendar.hours(pd.Timestamp(day).date()) is None]
    findings.add(
        days.isin(closed).to_numpy(),
        "the New York Stock Exchange was closed on this day",
        "Correct the date, or delete the row.",
    )


def _check_order(findings: _Findings, key: list[str]) -> None:
    frame = findings.table.frame
    repeated = frame.duplicated(key).to_numpy() & frame[findings.day].notna().to_numpy()
    findings.add(repeated, f"a second row for the same {', '.join(key)}", "Delete one of them.")
    earlier = frame.groupby("symbol", sort=False)[findings.day].diff() < pd.Timedelta(0)
    findings.add(
        earlier.to_numpy(),
        "the row is out of order: its symbol has a later date above it",
        f"Sort the rows by symbol and {findings.day}{findings.advice}",
    )


def _valid_prices(table: PriceTable) -> Mask:
    """The rows whose four prices are all present, positive and not above ``MAX_PRICE``."""
    prices = table.frame[list(PRICES)].to_numpy()
    return np.asarray(((prices > 0) & (prices <= MAX_PRICE)).all(axis=1))


def _close_before(bars: pd.DataFrame, actions: pd.DataFrame) -> Numbers:
    """For each action, the last close before its ex-date; NaN if there is none."""
    by_date = actions[["ex_date", "symbol"]].sort_values("ex_date", kind="stable")
    matched = pd.merge_asof(
        by_date,
        bars[["date", "symbol", "close"]].sort_values("date"),
        left_on="ex_date",
        right_on="date",
        by="symbol",
        allow_exact_matches=False,
    )
    closes = pd.Series(matched["close"].to_numpy(), index=by_date.index).reindex(actions.index)
    return np.asarray(closes, dtype=np.float64)
