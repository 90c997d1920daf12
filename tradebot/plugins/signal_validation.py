"""Validation of the signals of a strategy, and their restriction to sessions after the warm-up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from tradebot.core.model.signals import MAX_TARGET, is_stop, is_target
from tradebot.plugins.isolation import PluginError
from tradebot.ports import StrategyInfo
from tradebot.strategy_api import ExitPolicy, History, Signals, Strategy


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
    stop: NDArray[np.float64] | None = None  # any value, NaN too; read where entry is true
    target: NDArray[np.float64] | None = None


def validated_signals(strategy: Strategy, info: StrategyInfo, history: History) -> StrategySignals:
    """Compute and validate the signals over the history of the strategy's symbols.

    Runs the strategy's code: call it in ``run_isolated``. Raises PluginError if the signals break a rule, and whatever
    the strategy raises.
    """
    own = select_symbols(history, info.symbols)
    close = own.close.copy()  # the strategy may change the frames
    return validate(strategy.signals(own, dict(info.params)), close, info.warmup)


def select_symbols(history: History, symbols: tuple[str, ...]) -> History:
    """A copy of the history with these columns. A symbol that the history lacks becomes a column of NaN."""
    column_of = {symbol: column for column, symbol in enumerate(history.close.columns)}
    if tuple(column_of) == symbols:
        return map_frames(history, pd.DataFrame.copy)
    names = pd.Index(symbols)
    columns = np.array([column_of.get(symbol, -1) for symbol in symbols], dtype=np.intp)

    def selected(frame: pd.DataFrame) -> pd.DataFrame:
        values = frame.to_numpy()[:, columns]
        values[:, columns < 0] = np.nan
        index = frame.index.view()  # its own object: a strategy may rename it, and all share the history's
        return pd.DataFrame(values, index=index, columns=names, copy=False)

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


def validate(signals: object, close: pd.DataFrame, warmup: int) -> StrategySignals:
    """Validate the result of ``Strategy.signals`` for a history with these closes.

    Raises PluginError with field, session and symbol if it breaks a rule.
    """
    if not isinstance(signals, Signals):
        raise PluginError(f"signals() gave a {type(signals).__name__}, not tradebot.strategy_api.Signals")
    entry = _boolean("entry", signals.entry, close)
    leave = _boolean("exit", signals.exit, close)
    _check_policy(signals.exits)
    _check_risk(signals.risk_pct)
    if not isinstance(signals.columns_used, Mapping):
        raise PluginError(f"columns_used is a {type(signals.columns_used).__name__}, not a dict of DataFrames")
    indicators = {
        name: _numbers(f"columns_used[{name!r}]", frame, close) for name, frame in signals.columns_used.items()
    }
    _check_text("reason", signals.reason, indicators)
    _check_text("exit_reason", signals.exit_reason, indicators)
    has_bar = ~np.isnan(close.to_numpy())
    age = np.cumsum(np.logical_or.accumulate(has_bar, axis=0), axis=0, dtype=np.int64)
    ready = has_bar & (age >= warmup)
    entry = entry & ready & ~leave
    return StrategySignals(
        sessions=pd.DatetimeIndex(close.index),
        symbols=tuple(close.columns),
        entry=entry,
        exit=leave & ready,
        score=_score(signals.score, entry, close),
        age=age,
        ready=ready,
        indicators=indicators,
        exits=signals.exits,
        risk_pct=signals.risk_pct,
        reason=signals.reason,
        exit_reason=signals.exit_reason,
        stop=None if signals.stop is None else _numbers("stop", signals.stop, close),
        target=None if signals.target is None else _numbers("target", signals.target, close),
    )


def _check_shape(field: str, frame: object, close: pd.DataFrame) -> None:
    if not isinstance(frame, pd.DataFrame):
        raise PluginError(f"{field} is a {type(frame).__name__}, not a DataFrame")
    if not frame.index.equals(close.index):
        raise PluginError(f"{field} has {len(frame)} rows whose index is not that of the history's {len(close)} rows")
    if not frame.columns.equals(close.columns):
        raise PluginError(f"{field} has the columns {_some(frame.columns)}, the history has {_some(close.columns)}")


def _some(columns: pd.Index) -> str:
    names = [str(column) for column in columns[:5]]
    return ", ".join(names) + (f" and {len(columns) - 5} more" if len(columns) > 5 else "")


def _boolean(field: str, frame: object, close: pd.DataFrame) -> NDArray[np.bool_]:
    _check_shape(field, frame, close)
    assert isinstance(frame, pd.DataFrame)
    if (values := frame.to_numpy()).dtype == np.bool_:
        return values
    missing = frame.isna().to_numpy()
    if missing.any():
        raise PluginError(f"{field} is NaN {_first(missing, close)}; it must be True or False everywhere")
    if kinds := sorted(str(kind) for kind in set(frame.dtypes) if not is_bool_dtype(kind)):
        raise PluginError(
            f"{field} has values of type {', '.join(kinds)}; it must be boolean, such as a comparison gives"
        )
    return frame.to_numpy(dtype=np.bool_)


def _score(score: object, entries: NDArray[np.bool_], close: pd.DataFrame) -> NDArray[np.float64]:
    if score is None:
        return np.zeros(close.shape)
    values = _numbers("score", score, close)
    unusable = entries & ~np.isfinite(values)
    if unusable.any():
        raise PluginError(f"score is not a finite number {_first(unusable, close)}, where entry is True")
    return values


def _numbers(field: str, frame: object, close: pd.DataFrame) -> NDArray[np.float64]:
    _check_shape(field, frame, close)
    assert isinstance(frame, pd.DataFrame)
    if (values := frame.to_numpy()).dtype == np.float64:
        return values
    if kinds := sorted(str(kind) for kind in set(frame.dtypes) if not is_numeric_dtype(kind)):
        raise PluginError(f"{field} has values of type {', '.join(kinds)}; it must hold numbers")
    return frame.to_numpy(dtype=np.float64, na_value=np.nan)


def _first(where: NDArray[np.bool_], close: pd.DataFrame) -> str:
    row, column = np.argwhere(where)[0]
    return f"on {close.index[row]:%Y-%m-%d} for {close.columns[column]}"


def _check_policy(policy: object) -> None:
    if not isinstance(policy, ExitPolicy):
        raise PluginError(f"exits is a {type(policy).__name__}, not tradebot.strategy_api.ExitPolicy")
    _check_fraction("exits.stop", policy.stop, is_stop, "between 0 and 1")
    _check_fraction("exits.target", policy.target, is_target, f"above 0 and at most {MAX_TARGET}")
    _check_fraction("exits.trail_trigger", policy.trail_trigger, is_target, f"above 0 and at most {MAX_TARGET}")
    _check_fraction("exits.trail_offset", policy.trail_offset, is_stop, "between 0 and 1")
    if (policy.trail_trigger is None) != (policy.trail_offset is None):
        raise PluginError("exits has one of trail_trigger and trail_offset; a trailing stop needs both")
    sessions = policy.max_sessions
    if sessions is not None and (not isinstance(sessions, int) or isinstance(sessions, bool) or sessions < 1):
        raise PluginError(f"exits.max_sessions is {sessions!r}; it must be a whole number from 1 up, or None")


def _check_fraction(field: str, value: object, is_allowed: Callable[[Decimal], bool], allowed: str) -> None:
    if value is None:
        return
    if not isinstance(value, Decimal):
        raise PluginError(f'{field} is {value!r}; write it as a Decimal, such as Decimal("0.02") for 2 %')
    if not is_allowed(value):
        raise PluginError(f"{field} is {value}; it is a fraction of a price and must be {allowed}")


def _check_risk(risk: object) -> None:
    if risk is None:
        return
    if isinstance(risk, bool) or not isinstance(risk, int | float) or not 0 < risk < 1:
        raise PluginError(f"risk_pct is {risk!r}; it is a fraction of equity (0.005 is 0.5 %), or None")


def _check_text(field: str, template: object, names: Iterable[str]) -> None:
    if not isinstance(template, str):
        raise PluginError(f"{field} is a {type(template).__name__}, not a text")
    try:
        template.format(**dict.fromkeys(names, 0.0))
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        known = ", ".join(names) or "nothing"
        raise PluginError(f"{field} {template!r} cannot be filled in ({error!r}); columns_used has {known}") from None
