"""Prices that their maker adjusted for splits, made what they were on the day.

A split is looked for in the closes on both sides of its ex-date: unadjusted closes jump by its ratio, adjusted ones do
not. A maker can have missed one split of a symbol and applied the next, so each is judged by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from math import log

import numpy as np
import pandas as pd

from tradebot.core.model.account import ActionKind
from tradebot.errors import ConfigError, Problem
from tradebot.market.imports.column_names import PRICES
from tradebot.market.imports.makers import Adjusted
from tradebot.market.imports.tally import Tally

#: A split is told from a move of the market if the closes are three times as near to one reading as to no reading.
_NEAR = 1 / 3
#: Below a ratio of 1.4 a day's usual move hides it.
_SMALLEST_SEEN = log(1.4)


class Closes(StrEnum):
    """What the user says of closes that do not show it: adjusted for the splits, or not."""

    ADJUSTED = "adjusted"
    UNADJUSTED = "unadjusted"


@dataclass(frozen=True, slots=True)
class _Split:
    symbol: str
    ex_date: pd.Timestamp
    ratio: float
    seen: Closes | None  # what the closes show


def unadjusted(
    bars: pd.DataFrame, actions: pd.DataFrame, maker: dict[str, Adjusted], said: Closes | None, tally: Tally
) -> pd.DataFrame:
    """The bars with prices and volumes before each split that they are adjusted for brought back to the day.

    bars: sorted by symbol and date, with the column file.
    actions: symbol, ex_date, kind and value, sorted by ex-date.
    maker: what the maker of each file adjusts for.
    Raises ConfigError if closes do not show whether they are adjusted, and nothing else says so.
    """
    splits = actions[actions["kind"] == ActionKind.SPLIT]
    result = bars.copy()
    problems: list[Problem] = []
    places = bars.groupby("symbol", sort=False).indices
    for symbol, own in splits.groupby("symbol", sort=True):
        rows = bars.iloc[places.get(symbol, [])]
        judged = [_judged(rows, split) for split in _splits(own) if _inside(rows, split.ex_date)]
        for split in judged:
            closes = split.seen or said or _by_the_others(judged) or _by_maker(maker, rows, split)
            if closes is None:
                problems.append(_question(rows, split))
            elif closes is Closes.ADJUSTED:
                _apply(result, rows, split, tally)
        if judged and all(split.seen is Closes.UNADJUSTED for split in judged):
            tally.note(f"{symbol}: unadjusted, the closes jump at each announced split ({len(judged)})")
    if problems:
        raise ConfigError(problems)
    return result


def _inside(rows: pd.DataFrame, ex_date: pd.Timestamp) -> bool:
    return bool(len(rows)) and bool(rows["date"].iloc[0] < ex_date <= rows["date"].iloc[-1])


def _splits(own: pd.DataFrame) -> list[_Split]:
    listed = zip(own["symbol"], own["ex_date"], own["value"], strict=True)
    return [_Split(str(symbol), ex_date, float(value), None) for symbol, ex_date, value in listed]


def _judged(rows: pd.DataFrame, split: _Split) -> _Split:
    before, after = _closes_around(rows, split.ex_date)
    move, whole = log(after / before), abs(log(split.ratio))
    seen = None
    if whole >= _SMALLEST_SEEN:
        if abs(move) <= whole * _NEAR:
            seen = Closes.ADJUSTED
        elif abs(move + log(split.ratio)) <= whole * _NEAR:
            seen = Closes.UNADJUSTED
    return replace(split, seen=seen)


def _closes_around(rows: pd.DataFrame, ex_date: pd.Timestamp) -> tuple[float, float]:
    place = int(rows["date"].searchsorted(ex_date))
    return float(rows["close"].iloc[place - 1]), float(rows["close"].iloc[place])


def _by_the_others(judged: list[_Split]) -> Closes | None:
    """What all splits of the symbol show that show anything; None if none does or they differ."""
    seen = {split.seen for split in judged} - {None}
    return seen.pop() if len(seen) == 1 else None


def _by_maker(maker: dict[str, Adjusted], rows: pd.DataFrame, split: _Split) -> Closes | None:
    place = int(rows["date"].searchsorted(split.ex_date))
    known = maker[str(rows["file"].iloc[place - 1])]
    if known is Adjusted.UNKNOWN:
        return None
    return Closes.UNADJUSTED if known is Adjusted.NOTHING else Closes.ADJUSTED


def _question(rows: pd.DataFrame, split: _Split) -> Problem:
    before, after = _closes_around(rows, split.ex_date)
    place = int(rows["date"].searchsorted(split.ex_date))
    row = rows.iloc[place]
    return Problem(
        where=f"{row['file']}, line {row['line']}",
        what=f"the split of {split.symbol} on {split.ex_date:%Y-%m-%d} ({split.ratio:g} for 1) may be in the closes or "
        f"not: {before:g} before, {after:g} after",
        fix="Say which with --closes adjusted or --closes unadjusted.",
    )


def _apply(result: pd.DataFrame, rows: pd.DataFrame, split: _Split, tally: Tally) -> None:
    earlier = rows.index[rows["date"] < split.ex_date]
    with np.errstate(over="ignore"):  # a number of hundreds of digits, which is left out later
        result.loc[earlier, list(PRICES)] *= split.ratio
        result.loc[earlier, "volume"] /= split.ratio
    what = f"{split.symbol} before {split.ex_date:%Y-%m-%d}: prices times {split.ratio:g}, volume divided by it (split)"
    for file, lines in rows.loc[earlier].groupby("file", sort=False):
        tally.changed(str(file), what, lines["line"])


def rounded(bars: pd.DataFrame, decimals: int, tally: Tally) -> pd.DataFrame:
    """Prices with ``decimals`` and volumes in whole shares; a volume above zero stays above zero."""
    result = bars.copy()
    finer = pd.Series(False, index=bars.index)
    for name in PRICES:
        with np.errstate(over="ignore"):
            result[name] = bars[name].round(decimals)
        finer |= (bars[name] - result[name]).abs() > 1e-9 * bars[name].abs()
    volume = bars["volume"]
    whole = volume.round()
    result["volume"] = whole.where((whole > 0) | ~(volume > 0), 1.0)
    fractional = np.isfinite(volume) & (volume != result["volume"])
    for file, rows in bars.groupby("file", sort=False):
        tally.changed(str(file), f"prices rounded to {decimals} decimals", rows["line"][finer[rows.index]])
        tally.changed(str(file), "volume rounded to whole shares", rows["line"][fractional[rows.index]])
    return result
