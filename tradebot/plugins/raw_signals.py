"""The signals of a strategy as plain arrays and values, as its process sends them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from tradebot.plugins.errors import PluginError
from tradebot.plugins.exit_policy import check_policy, check_risk
from tradebot.plugins.plain_text import MAX_TEXT_LENGTH
from tradebot.strategy_api import ExitPolicy, Signals

#: The arrays of numbers that a strategy may leave out.
OPTIONAL_ARRAYS = ("score", "stop", "target")
#: The entries of columns_used, at most.
MAX_INDICATORS = 64


@dataclass(frozen=True)
class RawSignals:
    """The signals before validation. Arrays have one row a session and one column a symbol."""

    entry: NDArray[np.bool_]
    exit: NDArray[np.bool_]
    score: NDArray[np.float64] | None
    indicators: Mapping[str, NDArray[np.float64]]  # the columns_used of the strategy
    exits: ExitPolicy
    risk_pct: float | None
    reason: str  # unfilled
    exit_reason: str
    entry_texts: Mapping[int, str]  # the filled reason of the last session, by column, where there is an entry
    exit_texts: Mapping[int, str]
    stop: NDArray[np.float64] | None = None  # any value, NaN too; read where entry is true
    target: NDArray[np.float64] | None = None


def raw_signals(signals: object, close: pd.DataFrame) -> RawSignals:
    """Read the result of ``Strategy.signals`` for a history with these closes. Runs in the strategy process.

    Raises PluginError with field, session and symbol if a value has the wrong type or shape, or a text cannot be
    filled in.
    """
    if not isinstance(signals, Signals):
        raise PluginError(f"signals() gave a {type(signals).__name__}, not tradebot.strategy_api.Signals")
    entry = _boolean("entry", signals.entry, close)
    leave = _boolean("exit", signals.exit, close)
    check_policy(signals.exits)
    check_risk(signals.risk_pct)
    if not isinstance(signals.columns_used, Mapping):
        raise PluginError(f"columns_used is a {type(signals.columns_used).__name__}, not a dict of DataFrames")
    if len(signals.columns_used) > MAX_INDICATORS:
        raise PluginError(f"columns_used has {len(signals.columns_used)} DataFrames; {MAX_INDICATORS} are the most")
    indicators = {
        str(name): _numbers(f"columns_used[{name!r}]", frame, close) for name, frame in signals.columns_used.items()
    }
    _check_text("reason", signals.reason, indicators)
    _check_text("exit_reason", signals.exit_reason, indicators)
    rows = {name: values[-1].tolist() for name, values in indicators.items()}
    return RawSignals(
        entry=entry,
        exit=leave,
        **{name: _optional(name, getattr(signals, name), close) for name in OPTIONAL_ARRAYS},
        indicators=indicators,
        exits=signals.exits,
        risk_pct=signals.risk_pct,
        reason=signals.reason[:MAX_TEXT_LENGTH],
        exit_reason=signals.exit_reason[:MAX_TEXT_LENGTH],
        entry_texts=_filled(signals.reason, entry[-1], rows),
        exit_texts=_filled(signals.exit_reason, leave[-1], rows),
    )


def last_session(raw: RawSignals) -> RawSignals:
    """The signals of the last session alone."""
    numbers = {name: values for name in OPTIONAL_ARRAYS if (values := getattr(raw, name)) is not None}
    return replace(
        raw,
        entry=raw.entry[-1:],
        exit=raw.exit[-1:],
        **{name: values[-1:] for name, values in numbers.items()},
        indicators={name: values[-1:] for name, values in raw.indicators.items()},
    )


def _filled(template: str, where: NDArray[np.bool_], rows: Mapping[str, list[float]]) -> dict[int, str]:
    return {
        column: template.format(**{name: row[column] for name, row in rows.items()})[:MAX_TEXT_LENGTH]
        for column in np.flatnonzero(where).tolist()
    }


def _optional(field: str, frame: object, close: pd.DataFrame) -> NDArray[np.float64] | None:
    return None if frame is None else _numbers(field, frame, close)


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
        row, column = np.argwhere(missing)[0]
        where = f"on {close.index[row]:%Y-%m-%d} for {close.columns[column]}"
        raise PluginError(f"{field} is NaN {where}; it must be True or False everywhere")
    if kinds := sorted(str(kind) for kind in set(frame.dtypes) if not is_bool_dtype(kind)):
        raise PluginError(
            f"{field} has values of type {', '.join(kinds)}; it must be boolean, such as a comparison gives"
        )
    return frame.to_numpy(dtype=np.bool_)


def _numbers(field: str, frame: object, close: pd.DataFrame) -> NDArray[np.float64]:
    _check_shape(field, frame, close)
    assert isinstance(frame, pd.DataFrame)
    if (values := frame.to_numpy()).dtype == np.float64:
        return values
    if kinds := sorted(str(kind) for kind in set(frame.dtypes) if not is_numeric_dtype(kind)):
        raise PluginError(f"{field} has values of type {', '.join(kinds)}; it must hold numbers")
    return frame.to_numpy(dtype=np.float64, na_value=np.nan)


def _check_text(field: str, template: object, names: Iterable[str]) -> None:
    if not isinstance(template, str):
        raise PluginError(f"{field} is a {type(template).__name__}, not a text")
    try:
        template.format(**dict.fromkeys(names, 0.0))
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        known = ", ".join(names) or "nothing"
        raise PluginError(f"{field} {template!r} cannot be filled in ({error!r}); columns_used has {known}") from None
