"""What has to be asked of a price file, because no corporate action explains it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from tradebot.core.model.account import ENDS_FOR_CASH, ActionKind
from tradebot.market.answers import Question, QuestionKind

MAX_PRICE_RATIO = 10  # of two consecutive closes, either way, after adjustment for splits
#: A symbol without bars in this many last sessions of the file has ended.
ENDED_SESSIONS = 6

Numbers = npt.NDArray[np.float64]


def questions(bars: pd.DataFrame, actions: pd.DataFrame) -> list[tuple[int, Question]]:
    """What has to be asked, each with the position of its row. ``bars`` ascend by date within each symbol."""
    before = bars["close"].groupby(bars["symbol"], sort=False).shift()
    jumps = np.flatnonzero(_jumps(bars, actions))
    asked = [(int(row), _question(bars, int(row), QuestionKind.JUMP, float(before.iloc[row]))) for row in jumps]
    asked += [(row, _question(bars, row, QuestionKind.END, None)) for row in _last_rows(bars, actions)]
    return sorted(asked)


def delistings(bars: pd.DataFrame, confirmed: Iterable[Question]) -> pd.DataFrame:
    """Actions that end the symbols whose end was confirmed: at the file's next session, for the last close."""
    sessions = np.sort(bars["date"].unique())
    last = bars.groupby("symbol", sort=True)["date"].max()
    ends = [each for each in confirmed if each.kind is QuestionKind.END and _is_last(last, each)]
    places = np.searchsorted(sessions, [np.datetime64(each.day) for each in ends], side="right")
    kept = [(each, place) for each, place in zip(ends, places, strict=True) if place < len(sessions)]
    return pd.DataFrame(
        {
            "symbol": pd.Series([each.symbol for each, _ in kept], dtype="str"),
            "kind": pd.Series([str(ActionKind.DELISTING)] * len(kept), dtype="str"),
            "ex_date": pd.Series(sessions[[place for _, place in kept]] if kept else [], dtype=bars["date"].dtype),
            "value": np.full(len(kept), np.nan),
        }
    )


def _is_last(last: pd.Series[pd.Timestamp], end: Question) -> bool:
    return end.symbol in last.index and last[end.symbol].date() == end.day


def _question(bars: pd.DataFrame, row: int, kind: QuestionKind, before: float | None) -> Question:
    bar = bars.iloc[row]
    return Question(str(bar["symbol"]), bar["date"].date(), kind, before, float(bar["close"]))


def _jumps(bars: pd.DataFrame, actions: pd.DataFrame) -> npt.NDArray[np.bool_]:
    move = ratio_to_previous(bars["close"], bars["symbol"]) * split_since_previous(bars, actions)
    return np.asarray((move > MAX_PRICE_RATIO) | (move < 1 / MAX_PRICE_RATIO))


def _last_rows(bars: pd.DataFrame, actions: pd.DataFrame) -> list[int]:
    """The last rows of the symbols that ended without an action."""
    sessions = np.sort(bars["date"].unique())
    if len(sessions) <= ENDED_SESSIONS:
        return []
    positions = pd.Series(np.arange(len(bars)), index=bars.index)
    last = positions.groupby(bars["symbol"].to_numpy(), sort=True).max()
    ended = [int(row) for row in last if bars["date"].iloc[row] < sessions[-ENDED_SESSIONS]]
    ends = actions[actions["kind"].isin(list(ENDS_FOR_CASH))]
    told = ends.groupby("symbol")["ex_date"].max()
    symbols, days = bars["symbol"].to_numpy(), bars["date"]
    return [row for row in ended if symbols[row] not in told.index or told[symbols[row]] <= days.iloc[row]]


def ratio_to_previous(values: pd.Series[float], symbol: pd.Series[str]) -> Numbers:
    """The ratio of each value to the previous value of its symbol; 1 for the first."""
    return np.asarray((values / values.groupby(symbol, sort=False).shift()).fillna(1.0), dtype=np.float64)


def split_since_previous(bars: pd.DataFrame, actions: pd.DataFrame) -> Numbers:
    """For each bar, the number of shares into which one share has been split since the bar before it."""
    splits = actions[actions["kind"] == ActionKind.SPLIT]
    if splits.empty:
        return np.ones(len(bars))
    shares = splits.groupby("symbol")["value"].cumprod()
    by_date = bars[["date", "symbol"]].sort_values("date", kind="stable")
    known = pd.merge_asof(
        by_date,
        splits.assign(shares=shares)[["ex_date", "symbol", "shares"]].sort_values("ex_date"),
        left_on="date",
        right_on="ex_date",
        by="symbol",
    )
    since_beginning = pd.Series(known["shares"].fillna(1.0).to_numpy(), index=by_date.index).reindex(bars.index)
    return ratio_to_previous(since_beginning, bars["symbol"])
