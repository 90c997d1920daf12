"""Validation of the signals of a strategy, and their restriction to sessions after the warm-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tradebot.plugins.conditions import StatedConditions, validate_conditions
from tradebot.plugins.errors import PluginError
from tradebot.plugins.exit_policy import check_policy, check_risk
from tradebot.plugins.plain_text import MAX_TEXT_LENGTH, plain
from tradebot.plugins.raw_signals import OPTIONAL_ARRAYS, RawSignals
from tradebot.strategy_api import ExitPolicy, History


@dataclass(frozen=True)
class StrategySignals:
    """The validated signals of a strategy. Arrays have one row a session and one column a symbol."""

    sessions: pd.DatetimeIndex
    symbols: tuple[str, ...]
    entry: NDArray[np.bool_]  # true only where ready and not exit
    exit: NDArray[np.bool_]  # true only where ready
    score: NDArray[np.float64]  # finite where entry is true
    age: NDArray[np.int64]  # sessions since the first bar of the symbol, which has age 1; 0 before it
    ready: NDArray[np.bool_]  # the symbol has a bar, and its age reaches the warm-up
    indicators: Mapping[str, NDArray[np.float64]]  # the columns_used of the strategy
    exits: ExitPolicy
    risk_pct: float | None
    reason: str
    exit_reason: str
    entry_texts: Mapping[int, str]  # the filled reasons of the last session, by column
    exit_texts: Mapping[int, str]
    stop: NDArray[np.float64] | None = None  # any value, NaN too; read where entry is true
    target: NDArray[np.float64] | None = None
    conditions: StatedConditions = field(default_factory=StatedConditions)  # of entries


def select_symbols(history: History, symbols: tuple[str, ...]) -> History:
    """The history with these columns. A symbol that it lacks becomes a column of NaN."""
    column_of = {symbol: column for column, symbol in enumerate(history.close.columns)}
    if tuple(column_of) == symbols:
        return history
    names = pd.Index(symbols)
    columns = np.array([column_of.get(symbol, -1) for symbol in symbols], dtype=np.intp)

    def selected(frame: pd.DataFrame) -> pd.DataFrame:
        values = frame.to_numpy()[:, columns]
        values[:, columns < 0] = np.nan
        return pd.DataFrame(values, index=frame.index, columns=names, copy=False)

    return map_frames(history, selected)


def map_frames(history: History, change: Callable[[pd.DataFrame], pd.DataFrame]) -> History:
    """The history with ``change`` applied to each of its five frames."""
    return History(
        open=change(history.open),
        high=change(history.high),
        low=change(history.low),
        close=change(history.close),
        volume=change(history.volume),
    )


def validate(raw: RawSignals, history: History, warmup: int, *, last_only: bool = False) -> StrategySignals:
    """Validate what the strategy process sent for the history of the strategy's symbols.

    last_only: it was asked for the last session alone.

    Raises PluginError with field, session and symbol if a value breaks a rule.
    """
    first = len(history.close) - 1 if last_only else 0
    close = history.close.iloc[first:]
    _check_shapes(raw, close.shape)
    check_policy(raw.exits)
    check_risk(raw.risk_pct)
    has_bar = ~np.isnan(history.close.to_numpy())
    first_bar = np.where(has_bar.any(axis=0), has_bar.argmax(axis=0), len(has_bar))
    age = np.maximum(np.arange(first, len(has_bar))[:, np.newaxis] - first_bar + 1, 0)
    ready = has_bar[first:] & (age >= warmup)
    entry = raw.entry & ready & ~raw.exit
    return StrategySignals(
        sessions=pd.DatetimeIndex(close.index),
        symbols=tuple(close.columns),
        entry=entry,
        exit=raw.exit & ready,
        score=_score(raw.score, entry, close),
        age=age,
        ready=ready,
        indicators={plain(name, MAX_TEXT_LENGTH): values for name, values in raw.indicators.items()},
        exits=raw.exits,
        risk_pct=raw.risk_pct,
        reason=plain(raw.reason, MAX_TEXT_LENGTH),
        exit_reason=plain(raw.exit_reason, MAX_TEXT_LENGTH),
        entry_texts={column: plain(text, MAX_TEXT_LENGTH) for column, text in raw.entry_texts.items()},
        exit_texts={column: plain(text, MAX_TEXT_LENGTH) for column, text in raw.exit_texts.items()},
        stop=raw.stop,
        target=raw.target,
        conditions=validate_conditions(raw.conditions, close.shape),
    )


def _check_shapes(raw: RawSignals, shape: tuple[int, int]) -> None:
    numbers = {**{name: getattr(raw, name) for name in OPTIONAL_ARRAYS}, **raw.indicators}
    fields = [("entry", raw.entry, np.bool_), ("exit", raw.exit, np.bool_)]
    for name, values, kind in (*fields, *((name, values, np.float64) for name, values in numbers.items())):
        if values is not None and (values.shape != shape or values.dtype != kind):
            name = plain(name, MAX_TEXT_LENGTH)
            raise PluginError(f"{name} came as {values.dtype} of shape {values.shape}, the history has {shape}")


def _score(score: NDArray[np.float64] | None, entries: NDArray[np.bool_], close: pd.DataFrame) -> NDArray[np.float64]:
    if score is None:
        return np.zeros(close.shape)
    unusable = entries & ~np.isfinite(score)
    if unusable.any():
        row, column = np.argwhere(unusable)[0]
        where = f"on {close.index[row]:%Y-%m-%d} for {close.columns[column]}"
        raise PluginError(f"score is not a finite number {where}, where entry is True")
    return score
